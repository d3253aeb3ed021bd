using '../../infra/main.bicep'

// The hardened topology: private endpoints, zones, locks. And each product setting once at another value than its default.
param environmentName = 'test'
param location = 'westeurope'
param vnetEnabled = true
param zoneRedundant = true
param deleteLocks = true
param alwaysReadyHttpInstances = 0
param previousSecretInVault = true
param mode = 'apply'
param graphUrl = 'https://graph.microsoft.us'
param publicUrl = 'https://prefill.contoso.example'
param tenantId = '11111111-2222-4333-8444-555555555555'
param phoneSources = 'extensionAttribute3, mobilePhone'
param defaultRegion = 'NL'
param allowedRegions = 'NL, BE'
param existingPhone = 'replace'
param changeHold = '2d'
param strongerMethod = 'add'
param mfaState = 'enforced'
param defaultMethod = 'sms'
param includeGroups = '57aff000-0000-4000-8000-000000000001'
param excludeGroups = '57aff000-0000-4000-8000-000000000002'
param includeGuests = true
param excludePrivileged = false
param requireSynced = true
param writesPerHour = 50
param sweepSchedule = '0 11 * * * *'
param renewSchedule = '0 41 * * * *'
