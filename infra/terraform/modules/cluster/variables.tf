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
  description = "Subnet of the nodes."
  type        = string
}

variable "kubernetes_version" {
  description = "Version; null: the default of the region."
  type        = string
}

variable "node_pool" {
  description = "Machines and the bounds of the autoscaler."
  type = object({
    vm_size   = string
    min_count = number
    max_count = number
    zones     = list(string)
  })
}

variable "admin_group_object_ids" {
  description = "Entra ID groups that administer the cluster."
  type        = list(string)
}

variable "authorized_ip_ranges" {
  description = "Ranges that may reach the API; empty: private."
  type        = list(string)
}

variable "log_analytics_workspace_id" {
  description = "Where container logs go."
  type        = string
}

variable "tags" {
  description = "Tags."
  type        = map(string)
}
