using '../../infra/graph/main.bicep'

// The settings as they are by default.
param identityPrincipalId = '00000000-0000-4000-8000-0000000000aa'
