# Watchkeeper on Azure: a cluster that watches itself, with everything it needs behind private endpoints.
# Every part can be switched off where you have it already: create_cluster, create_database, create_redis, create_openai, …

terraform {
  required_version = ">= 1.5.0"

  required_providers {
    azurerm = {
      source  = "hashicorp/azurerm"
      version = "~> 4.20"
    }
  }

  # terraform init -backend-config=backend.hcl (backend.hcl.example says what belongs there)
  backend "azurerm" {
    use_azuread_auth = true
  }
}

provider "azurerm" {
  subscription_id     = var.subscription_id
  storage_use_azuread = true

  features {
    key_vault {
      purge_soft_delete_on_destroy = false
    }
    resource_group {
      prevent_deletion_if_contains_resources = true
    }
  }
}

data "azurerm_client_config" "current" {}

locals {
  name = "${var.name}-${var.environment}"
  tags = merge({ application = "watchkeeper", environment = var.environment, managed_by = "terraform" }, var.tags)
}

resource "azurerm_resource_group" "main" {
  name     = "rg-${local.name}"
  location = var.location
  tags     = local.tags
}

module "network" {
  source = "./modules/network"

  name                = local.name
  resource_group_name = azurerm_resource_group.main.name
  location            = azurerm_resource_group.main.location
  address_space       = var.address_space
  tags                = local.tags
}

# The identity that Watchkeeper's pods take on: no key to leak, no secret to rotate.
resource "azurerm_user_assigned_identity" "watchkeeper" {
  name                = "id-${local.name}"
  resource_group_name = azurerm_resource_group.main.name
  location            = azurerm_resource_group.main.location
  tags                = local.tags
}

resource "azurerm_federated_identity_credential" "watchkeeper" {
  count = var.create_cluster ? 1 : 0

  name                = "watchkeeper"
  resource_group_name = azurerm_resource_group.main.name
  parent_id           = azurerm_user_assigned_identity.watchkeeper.id
  audience            = ["api://AzureADTokenExchange"]
  issuer              = module.cluster[0].oidc_issuer_url
  subject             = "system:serviceaccount:${var.namespace}:${var.service_account}"
}

module "cluster" {
  count  = var.create_cluster ? 1 : 0
  source = "./modules/cluster"

  name                       = local.name
  resource_group_name        = azurerm_resource_group.main.name
  location                   = azurerm_resource_group.main.location
  subnet_id                  = module.network.cluster_subnet_id
  kubernetes_version         = var.kubernetes_version
  node_pool                  = var.node_pool
  admin_group_object_ids     = var.admin_group_object_ids
  authorized_ip_ranges       = var.authorized_ip_ranges
  log_analytics_workspace_id = azurerm_log_analytics_workspace.main.id
  tags                       = local.tags
}

resource "azurerm_container_registry" "main" {
  count = var.create_registry ? 1 : 0

  name                          = replace("cr${local.name}", "-", "")
  resource_group_name           = azurerm_resource_group.main.name
  location                      = azurerm_resource_group.main.location
  sku                           = "Premium"
  admin_enabled                 = false
  public_network_access_enabled = false
  anonymous_pull_enabled        = false
  tags                          = local.tags
}

resource "azurerm_role_assignment" "pull_images" {
  count = var.create_registry && var.create_cluster ? 1 : 0

  scope                = azurerm_container_registry.main[0].id
  role_definition_name = "AcrPull"
  principal_id         = module.cluster[0].kubelet_object_id
}

module "database" {
  count  = var.create_database ? 1 : 0
  source = "./modules/database"

  name                = local.name
  resource_group_name = azurerm_resource_group.main.name
  location            = azurerm_resource_group.main.location
  subnet_id           = module.network.database_subnet_id
  private_dns_zone_id = module.network.database_dns_zone_id
  database            = var.database
  password            = var.database_password
  identity            = azurerm_user_assigned_identity.watchkeeper
  tenant_id           = data.azurerm_client_config.current.tenant_id
  tags                = local.tags
}

resource "azurerm_redis_cache" "main" {
  count = var.create_redis ? 1 : 0

  name                               = "redis-${local.name}"
  resource_group_name                = azurerm_resource_group.main.name
  location                           = azurerm_resource_group.main.location
  capacity                           = var.redis.capacity
  family                             = var.redis.family
  sku_name                           = var.redis.sku_name
  minimum_tls_version                = "1.2"
  non_ssl_port_enabled               = false
  public_network_access_enabled      = false
  access_keys_authentication_enabled = true
  tags                               = local.tags
}

resource "azurerm_cognitive_account" "openai" {
  count = var.create_openai ? 1 : 0

  name                          = "oai-${local.name}"
  resource_group_name           = azurerm_resource_group.main.name
  location                      = var.openai.location
  kind                          = "OpenAI"
  sku_name                      = "S0"
  custom_subdomain_name         = "oai-${local.name}"
  public_network_access_enabled = false
  local_auth_enabled            = false
  tags                          = local.tags
}

resource "azurerm_cognitive_deployment" "chat" {
  count = var.create_openai ? 1 : 0

  name                 = var.openai.deployment
  cognitive_account_id = azurerm_cognitive_account.openai[0].id

  model {
    format  = "OpenAI"
    name    = var.openai.model
    version = var.openai.model_version
  }

  sku {
    name     = "Standard"
    capacity = var.openai.thousand_tokens_per_minute
  }
}

resource "azurerm_role_assignment" "ask_model" {
  count = var.create_openai ? 1 : 0

  scope                = azurerm_cognitive_account.openai[0].id
  role_definition_name = "Cognitive Services OpenAI User"
  principal_id         = azurerm_user_assigned_identity.watchkeeper.principal_id
}

resource "azurerm_key_vault" "main" {
  name                          = substr(replace("kv-${local.name}", "--", "-"), 0, 24)
  resource_group_name           = azurerm_resource_group.main.name
  location                      = azurerm_resource_group.main.location
  tenant_id                     = data.azurerm_client_config.current.tenant_id
  sku_name                      = "standard"
  rbac_authorization_enabled    = true
  purge_protection_enabled      = true
  soft_delete_retention_days    = 30
  public_network_access_enabled = false
  tags                          = local.tags
}

resource "azurerm_role_assignment" "read_secrets" {
  scope                = azurerm_key_vault.main.id
  role_definition_name = "Key Vault Secrets User"
  principal_id         = azurerm_user_assigned_identity.watchkeeper.principal_id
}

# One private endpoint each, so that nothing of this is reachable from the internet.
module "private_endpoint" {
  source   = "./modules/private_endpoint"
  for_each = local.private_services

  name                = "${each.key}-${local.name}"
  resource_group_name = azurerm_resource_group.main.name
  location            = azurerm_resource_group.main.location
  subnet_id           = module.network.endpoint_subnet_id
  network_id          = module.network.id
  resource_id         = each.value.id
  subresource         = each.value.subresource
  dns_zone            = each.value.dns_zone
  tags                = local.tags
}

locals {
  private_services = merge(
    {
      vault = { id = azurerm_key_vault.main.id, subresource = "vault", dns_zone = "privatelink.vaultcore.azure.net" }
    },
    var.create_registry ? {
      registry = { id = azurerm_container_registry.main[0].id, subresource = "registry", dns_zone = "privatelink.azurecr.io" }
    } : {},
    var.create_redis ? {
      redis = { id = azurerm_redis_cache.main[0].id, subresource = "redisCache", dns_zone = "privatelink.redis.cache.windows.net" }
    } : {},
    var.create_openai ? {
      openai = { id = azurerm_cognitive_account.openai[0].id, subresource = "account", dns_zone = "privatelink.openai.azure.com" }
    } : {},
  )
}
