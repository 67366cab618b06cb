variable "subscription_id" {
  description = "Azure subscription that everything is made in."
  type        = string

  validation {
    condition     = can(regex("^[0-9a-fA-F-]{36}$", var.subscription_id))
    error_message = "subscription_id is a UUID, as `az account show --query id` prints it."
  }
}

variable "name" {
  description = "Short name that every resource carries."
  type        = string
  default     = "watchkeeper"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,14}$", var.name))
    error_message = "name has 2 to 15 lower-case letters, digits and dashes, and begins with a letter."
  }
}

variable "environment" {
  description = "Such as dev, staging, prod."
  type        = string
  default     = "prod"

  validation {
    condition     = can(regex("^[a-z0-9]{2,7}$", var.environment))
    error_message = "environment has 2 to 7 lower-case letters and digits."
  }
}

variable "location" {
  description = "Azure region."
  type        = string
  default     = "westeurope"
}

variable "tags" {
  description = "Further tags on every resource."
  type        = map(string)
  default     = {}
}

variable "address_space" {
  description = "Address range of the network; a /16 is cut into its subnets."
  type        = string
  default     = "10.40.0.0/16"

  validation {
    condition     = can(cidrsubnet(var.address_space, 8, 255))
    error_message = "address_space is a CIDR range of /16 or larger."
  }
}

variable "create_cluster" {
  description = "Make an AKS cluster; false where you have one."
  type        = bool
  default     = true
}

variable "create_database" {
  description = "Make a PostgreSQL flexible server; false where you have one."
  type        = bool
  default     = true
}

variable "create_redis" {
  description = "Make a Redis cache; only needed with more than one api replica."
  type        = bool
  default     = false
}

variable "create_openai" {
  description = "Make an Azure OpenAI account; Watchkeeper works without a model."
  type        = bool
  default     = false
}

variable "create_registry" {
  description = "Make a container registry."
  type        = bool
  default     = true
}

variable "create_managed_prometheus" {
  description = "Use Azure Monitor's managed Prometheus instead of the kube-prometheus-stack chart."
  type        = bool
  default     = false
}

variable "create_managed_grafana" {
  description = "Use Azure Managed Grafana instead of the chart's."
  type        = bool
  default     = false
}

variable "namespace" {
  description = "Namespace that Watchkeeper is installed in."
  type        = string
  default     = "watchkeeper"
}

variable "service_account" {
  description = "Service account of its pods, which takes on the managed identity."
  type        = string
  default     = "watchkeeper"
}

variable "kubernetes_version" {
  description = "AKS version; null: the default of the region."
  type        = string
  default     = null
}

variable "node_pool" {
  description = "Machines of the cluster and the bounds of its autoscaler."
  type = object({
    vm_size   = optional(string, "Standard_D4ds_v5")
    min_count = optional(number, 2)
    max_count = optional(number, 6)
    zones     = optional(list(string), ["1", "2", "3"])
  })
  default = {}

  validation {
    condition     = var.node_pool.min_count >= 1 && var.node_pool.max_count >= var.node_pool.min_count
    error_message = "node_pool needs 1 <= min_count <= max_count."
  }
}

variable "admin_group_object_ids" {
  description = "Entra ID groups that administer the cluster."
  type        = list(string)
  default     = []
}

variable "authorized_ip_ranges" {
  description = "Address ranges that may reach the cluster's API; empty: the API is private."
  type        = list(string)
  default     = []

  validation {
    condition     = !contains(var.authorized_ip_ranges, "0.0.0.0/0")
    error_message = "0.0.0.0/0 opens the cluster's API to everybody; name your ranges, or leave the list empty for a private API."
  }
}

variable "database" {
  description = "Size of PostgreSQL. Backups are kept for backup_days, in two regions where geo_redundant."
  type = object({
    sku_name      = optional(string, "GP_Standard_D2ds_v5")
    storage_mb    = optional(number, 65536)
    version       = optional(string, "16")
    backup_days   = optional(number, 14)
    geo_redundant = optional(bool, true)
    zone_failover = optional(bool, true)
  })
  default = {}
}

variable "database_password" {
  description = "Password of PostgreSQL's login watchkeeper; give it by TF_VAR_database_password, never in a file."
  type        = string
  sensitive   = true
  default     = null

  validation {
    condition     = var.database_password == null || length(coalesce(var.database_password, "-")) >= 16
    error_message = "database_password has at least 16 characters."
  }
}

variable "redis" {
  description = "Size of Redis."
  type = object({
    sku_name = optional(string, "Standard")
    family   = optional(string, "C")
    capacity = optional(number, 0)
  })
  default = {}
}

variable "openai" {
  description = "Model and where it runs."
  type = object({
    location                   = optional(string, "swedencentral")
    deployment                 = optional(string, "gpt-4o")
    model                      = optional(string, "gpt-4o")
    model_version              = optional(string, "2024-11-20")
    thousand_tokens_per_minute = optional(number, 30)
  })
  default = {}
}

variable "log_retention_days" {
  description = "Days that Log Analytics keeps logs."
  type        = number
  default     = 30
}

variable "log_daily_quota_gb" {
  description = "Gigabytes a day after which Log Analytics takes no more, so that a storm is not a bill."
  type        = number
  default     = 10
}
