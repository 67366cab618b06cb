output "id" {
  description = "The network."
  value       = azurerm_virtual_network.main.id
}

output "cluster_subnet_id" {
  description = "For the nodes."
  value       = azurerm_subnet.cluster.id
}

output "database_subnet_id" {
  description = "Delegated to PostgreSQL."
  value       = azurerm_subnet.database.id
}

output "endpoint_subnet_id" {
  description = "For private endpoints."
  value       = azurerm_subnet.endpoints.id
}

output "database_dns_zone_id" {
  description = "Private zone in which PostgreSQL is found, once it is linked."
  value       = azurerm_private_dns_zone_virtual_network_link.database.id == "" ? "" : azurerm_private_dns_zone.database.id
}
