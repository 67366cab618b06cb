output "address" {
  description = "Private address of the service."
  value       = azurerm_private_endpoint.main.private_service_connection[0].private_ip_address
}
