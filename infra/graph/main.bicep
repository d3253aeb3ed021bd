// The Graph permissions of the app's identity: a layer of its own, because whoever grants them needs rights in the
// directory (Privileged Role Administrator), which whoever deploys resources should not have.
// Skip it with GRANT_GRAPH_PERMISSIONS=false; an administrator then runs infra/hooks/graph_permissions.py instead.
targetScope = 'subscription'

extension microsoftGraphV1

import { permissionsFor } from 'permissions.bicep'

@description('Required. Object id of the app\'s user-assigned identity, as the app layer puts it out.')
@minLength(36)
@maxLength(36)
param identityPrincipalId string

@description('Optional. false: grant nothing here, an administrator does it with infra/hooks/graph_permissions.py.')
param grantGraphPermissions bool = true

@description('Optional. PREFILL_MFA_STATE of the app: other than none needs a permission of its own.')
@allowed(['none', 'enabled', 'enforced'])
param mfaState string = 'enabled'

@description('Optional. PREFILL_DEFAULT_METHOD of the app: other than none needs a broad permission.')
@allowed(['none', 'sms', 'voiceMobile'])
param defaultMethod string = 'none'

@description('Optional. PREFILL_INCLUDE_GROUPS of the app.')
param includeGroups string = ''

@description('Optional. PREFILL_EXCLUDE_GROUPS of the app.')
param excludeGroups string = ''

@description('Optional. PREFILL_EXCLUDE_PRIVILEGED of the app.')
param excludePrivileged bool = true

var wanted = permissionsFor(mfaState, defaultMethod, includeGroups, excludeGroups, excludePrivileged)

// Microsoft Graph itself: this application id is the same in every tenant and cloud.
resource graph 'Microsoft.Graph/servicePrincipals@v1.0' existing = if (grantGraphPermissions) {
  appId: '00000003-0000-0000-c000-000000000000'
}

resource grants 'Microsoft.Graph/appRoleAssignedTo@v1.0' = [
  for permission in (grantGraphPermissions ? wanted : []): {
    // By name, and only roles for applications: a misspelt one finds nothing, and [0] of nothing fails the deployment.
    appRoleId: filter(
      graph!.appRoles,
      role => role.value == permission && contains(role.allowedMemberTypes, 'Application')
    )[0].id
    principalId: identityPrincipalId
    resourceId: graph!.id
  }
]

@description('What was granted, or what an administrator is still to grant.')
output GRAPH_PERMISSIONS string = join(wanted, ' ')
