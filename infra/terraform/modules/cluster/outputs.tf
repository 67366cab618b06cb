output "id" {
  description = "The cluster."
  value       = azurerm_kubernetes_cluster.main.id
}

output "name" {
  description = "Its name."
  value       = azurerm_kubernetes_cluster.main.name
}

output "oidc_issuer_url" {
  description = "Whose word a federated identity trusts."
  value       = azurerm_kubernetes_cluster.main.oidc_issuer_url
}

output "kubelet_object_id" {
  description = "Identity that pulls images."
  value       = azurerm_kubernetes_cluster.main.kubelet_identity[0].object_id
}
