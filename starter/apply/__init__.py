"""`journeys apply`: brings WeCom to what the playbooks and the stores say. Preview first, idempotent."""
