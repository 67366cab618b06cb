# Where logs and metrics go, and what Watchkeeper may read of them.

resource "azurerm_log_analytics_workspace" "main" {
  name                         = "log-${local.name}"
  resource_group_name          = azurerm_resource_group.main.name
  location                     = azurerm_resource_group.main.location
  sku                          = "PerGB2018"
  retention_in_days            = var.log_retention_days
  daily_quota_gb               = var.log_daily_quota_gb
  local_authentication_enabled = false
  tags                         = local.tags
}

resource "azurerm_role_assignment" "read_logs" {
  scope                = azurerm_log_analytics_workspace.main.id
  role_definition_name = "Log Analytics Reader"
  principal_id         = azurerm_user_assigned_identity.watchkeeper.principal_id
}

resource "azurerm_role_assignment" "read_metrics" {
  scope                = azurerm_resource_group.main.id
  role_definition_name = "Monitoring Reader"
  principal_id         = azurerm_user_assigned_identity.watchkeeper.principal_id
}

resource "azurerm_monitor_diagnostic_setting" "cluster" {
  count = var.create_cluster ? 1 : 0

  name                       = "to-log-analytics"
  target_resource_id         = module.cluster[0].id
  log_analytics_workspace_id = azurerm_log_analytics_workspace.main.id

  enabled_log {
    category = "kube-audit-admin"
  }

  enabled_log {
    category = "cluster-autoscaler"
  }

  enabled_metric {
    category = "AllMetrics"
  }
}

# Managed Prometheus and Grafana, instead of the charts of observability/.
resource "azurerm_monitor_workspace" "prometheus" {
  count = var.create_managed_prometheus ? 1 : 0

  name                = "amw-${local.name}"
  resource_group_name = azurerm_resource_group.main.name
  location            = azurerm_resource_group.main.location
  tags                = local.tags
}

resource "azurerm_role_assignment" "read_prometheus" {
  count = var.create_managed_prometheus ? 1 : 0

  scope                = azurerm_monitor_workspace.prometheus[0].id
  role_definition_name = "Monitoring Data Reader"
  principal_id         = azurerm_user_assigned_identity.watchkeeper.principal_id
}

resource "azurerm_monitor_data_collection_rule" "prometheus" {
  count = var.create_managed_prometheus && var.create_cluster ? 1 : 0

  name                        = "dcr-${local.name}"
  resource_group_name         = azurerm_resource_group.main.name
  location                    = azurerm_resource_group.main.location
  data_collection_endpoint_id = azurerm_monitor_workspace.prometheus[0].default_data_collection_endpoint_id
  kind                        = "Linux"
  tags                        = local.tags

  data_sources {
    prometheus_forwarder {
      name    = "PrometheusDataSource"
      streams = ["Microsoft-PrometheusMetrics"]
    }
  }

  destinations {
    monitor_account {
      monitor_account_id = azurerm_monitor_workspace.prometheus[0].id
      name               = "MonitoringAccount"
    }
  }

  data_flow {
    streams      = ["Microsoft-PrometheusMetrics"]
    destinations = ["MonitoringAccount"]
  }
}

resource "azurerm_monitor_data_collection_rule_association" "prometheus" {
  count = var.create_managed_prometheus && var.create_cluster ? 1 : 0

  name                    = "prometheus-${local.name}"
  target_resource_id      = module.cluster[0].id
  data_collection_rule_id = azurerm_monitor_data_collection_rule.prometheus[0].id
}

resource "azurerm_dashboard_grafana" "main" {
  count = var.create_managed_grafana ? 1 : 0

  name                              = substr("graf-${local.name}", 0, 23)
  resource_group_name               = azurerm_resource_group.main.name
  location                          = azurerm_resource_group.main.location
  grafana_major_version             = "11"
  api_key_enabled                   = false
  deterministic_outbound_ip_enabled = true
  public_network_access_enabled     = false
  tags                              = local.tags

  identity {
    type = "SystemAssigned"
  }

  dynamic "azure_monitor_workspace_integrations" {
    for_each = azurerm_monitor_workspace.prometheus
    content {
      resource_id = azure_monitor_workspace_integrations.value.id
    }
  }
}
