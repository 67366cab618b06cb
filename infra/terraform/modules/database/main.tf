# PostgreSQL that is found from inside the network only. People sign in by Entra ID, the pods by the password in their secret.

resource "azurerm_postgresql_flexible_server" "main" {
  name                          = "psql-${var.name}"
  resource_group_name           = var.resource_group_name
  location                      = var.location
  version                       = var.database.version
  sku_name                      = var.database.sku_name
  storage_mb                    = var.database.storage_mb
  auto_grow_enabled             = true
  backup_retention_days         = var.database.backup_days
  geo_redundant_backup_enabled  = var.database.geo_redundant
  delegated_subnet_id           = var.subnet_id
  private_dns_zone_id           = var.private_dns_zone_id
  public_network_access_enabled = false
  administrator_login           = "watchkeeper"
  administrator_password        = var.password
  tags                          = var.tags

  authentication {
    active_directory_auth_enabled = true
    password_auth_enabled         = true
    tenant_id                     = var.tenant_id
  }

  dynamic "high_availability" {
    for_each = var.database.zone_failover ? [1] : []
    content {
      mode = "ZoneRedundant"
    }
  }

  lifecycle {
    prevent_destroy = true
    # A failover swaps them.
    ignore_changes = [zone, high_availability[0].standby_availability_zone]
  }
}

resource "azurerm_postgresql_flexible_server_active_directory_administrator" "watchkeeper" {
  server_name         = azurerm_postgresql_flexible_server.main.name
  resource_group_name = var.resource_group_name
  tenant_id           = var.tenant_id
  object_id           = var.identity.principal_id
  principal_name      = var.identity.name
  principal_type      = "ServicePrincipal"
}

resource "azurerm_postgresql_flexible_server_database" "watchkeeper" {
  name      = "watchkeeper"
  server_id = azurerm_postgresql_flexible_server.main.id
  charset   = "UTF8"
  collation = "en_US.utf8"

  lifecycle {
    prevent_destroy = true
  }
}

resource "azurerm_postgresql_flexible_server_configuration" "tls" {
  name      = "require_secure_transport"
  server_id = azurerm_postgresql_flexible_server.main.id
  value     = "on"
}
