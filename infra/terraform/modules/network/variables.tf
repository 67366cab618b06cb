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

variable "address_space" {
  description = "CIDR range of the network."
  type        = string
}

variable "tags" {
  description = "Tags."
  type        = map(string)
}
