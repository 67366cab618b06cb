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
  description = "Subnet of the endpoint."
  type        = string
}

variable "network_id" {
  description = "Network that resolves its name."
  type        = string
}

variable "resource_id" {
  description = "The service."
  type        = string
}

variable "subresource" {
  description = "Which part of it, such as vault."
  type        = string
}

variable "dns_zone" {
  description = "Private zone of such services."
  type        = string
}

variable "tags" {
  description = "Tags."
  type        = map(string)
}
