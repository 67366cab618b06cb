output "host" {
  description = "Fully qualified name of the server."
  value       = azurerm_postgresql_flexible_server.main.fqdn
}
