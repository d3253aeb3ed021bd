using '../../infra/main.bicep'

// What azd deploys when nobody asks for anything: only where, and whom to call.
param environmentName = 'test'
param location = 'westeurope'
param alertEmails = 'oncall@contoso.example, second@contoso.example'
