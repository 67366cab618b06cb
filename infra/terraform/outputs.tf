output "resource_group" {
  description = "Resource group of everything."
  value       = azurerm_resource_group.main.name
}

output "identity_client_id" {
  description = "For the chart: serviceAccount.annotations.\"azure.workload.identity/client-id\"."
  value       = azurerm_user_assigned_identity.watchkeeper.client_id
}

output "cluster_name" {
  description = "For `az aks get-credentials`; null where the cluster is yours."
  value       = one(module.cluster[*].name)
}

output "registry" {
  description = "Login server of the registry."
  value       = one(azurerm_container_registry.main[*].login_server)
}

output "database_host" {
  description = "PostgreSQL host, for DATABASE_URL."
  value       = one(module.database[*].host)
}

output "redis_host" {
  description = "Redis host."
  value       = one(azurerm_redis_cache.main[*].hostname)
}

output "azure_openai_endpoint" {
  description = "AZURE_OPENAI_ENDPOINT."
  value       = one(azurerm_cognitive_account.openai[*].endpoint)
}

output "log_analytics_workspace_id" {
  description = "For sources.azure_monitor.workspace_id."
  value       = azurerm_log_analytics_workspace.main.workspace_id
}

output "prometheus_query_endpoint" {
  description = "PROMETHEUS_URL of the managed Prometheus."
  value       = one(azurerm_monitor_workspace.prometheus[*].query_endpoint)
}

output "key_vault_uri" {
  description = "Where secrets belong."
  value       = azurerm_key_vault.main.vault_uri
}
