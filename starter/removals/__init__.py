"""`journeys removals`: out of personal-WeChat groups, into WeCom groups (个微群迁移)."""
