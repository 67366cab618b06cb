# Run with `terraform test`: providers are mocked, nothing is made.

mock_provider "azurerm" {}

variables {
  subscription_id = "00000000-0000-0000-0000-000000000000"
}

run "defaults_are_private" {
  command = plan

  assert {
    condition     = azurerm_key_vault.main.public_network_access_enabled == false
    error_message = "the vault must not be reachable from the internet"
  }

  assert {
    condition     = length(azurerm_redis_cache.main) == 0 && length(azurerm_cognitive_account.openai) == 0
    error_message = "Redis and the model are made only when asked for"
  }
}

run "every_part_can_be_off" {
  command = plan

  variables {
    create_cluster  = false
    create_database = false
    create_registry = false
  }

  assert {
    condition     = length(module.cluster) == 0 && length(module.database) == 0 && length(azurerm_container_registry.main) == 0
    error_message = "an existing cluster, database and registry are left alone"
  }
}

run "an_open_api_is_refused" {
  command = plan

  variables {
    authorized_ip_ranges = ["0.0.0.0/0"]
  }

  expect_failures = [var.authorized_ip_ranges]
}
