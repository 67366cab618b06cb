variable "name" {
  description = "Name that the resources carry."
  type        = string
}

variable "resource_group_name" {
  description = "Resource group."
  type        = string
}

variable "location" {
  description = "Azure region."
  type        = string
}

variable "subnet_id" {
  description = "Subnet delegated to PostgreSQL."
  type        = string
}

variable "private_dns_zone_id" {
  description = "Private zone in which it is found."
  type        = string
}

variable "database" {
  description = "Size, version and backups."
  type = object({
    sku_name      = string
    storage_mb    = number
    version       = string
    backup_days   = number
    geo_redundant = bool
    zone_failover = bool
  })
}

variable "password" {
  description = "Password of the login watchkeeper."
  type        = string
  sensitive   = true
}

variable "identity" {
  description = "The managed identity that signs in."
  type = object({
    name         = string
    principal_id = string
  })
}

variable "tenant_id" {
  description = "Entra ID tenant."
  type        = string
}

variable "tags" {
  description = "Tags."
  type        = map(string)
}
