// Which Graph permissions the settings call for. The reasons, one by one, are in docs/permissions.md; the same table in
// code is shared/permissions.py, and tests/infra compares the two for every combination of features.

@export()
@description('The names of the application permissions that these settings need: no less, and no more.')
func permissionsFor(
  mfaState string,
  defaultMethod string,
  includeGroups string,
  excludeGroups string,
  excludePrivileged bool
) string[] =>
  map(
    filter(
      items(loadJsonContent('permissions.json')),
      permission =>
        {
          always: true
          // Without GroupMember.Read.All Graph does not say which of a user's groups can hold directory roles.
          groups: !empty(trim('${includeGroups}${excludeGroups}')) || excludePrivileged
          privileged: excludePrivileged
          mfaState: toLower(mfaState) != 'none'
          defaultMethod: toLower(defaultMethod) != 'none'
        }[permission.value]
    ),
    permission => permission.key
  )
