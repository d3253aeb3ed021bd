// What calls a person, and the part of docs/operations.md that helps when it does.

@description('Required. Name of the action group.')
param actionGroupName string

@description('Required. What names of rules begin with.')
param rulePrefix string

@description('Required. Region.')
param location string

@description('Required. Tags.')
param tags object

@description('Required. The Application Insights component that is asked.')
param appInsightsId string

@description('Required. E-mail addresses, comma-separated.')
param emails string

@description('Required. Time without a heartbeat after which to call.')
param heartbeatWindow string

var addresses = filter(map(split(emails, ','), address => trim(address)), address => !empty(address))
var signals = loadTextContent('../queries/signals.kql')

var anyRow = { timeAggregation: 'Count', operator: 'GreaterThan', threshold: 0 }

// Every quarter of an hour where minutes do not matter: the more often a rule asks, the more it costs.
var rules = [
  {
    name: 'parked'
    title: 'Somebody or something is parked'
    severity: 2
    every: 'PT15M'
    over: 'PT2H' // a heartbeat that tells of the parked comes every hour
    query: loadTextContent('../queries/alerts/parked.kql')
    criterion: anyRow
    inARow: 1
  }
  {
    name: 'no-heartbeat'
    title: 'No sign of life'
    severity: 1
    every: 'PT30M'
    over: heartbeatWindow
    query: loadTextContent('../queries/alerts/no-heartbeat.kql')
    criterion: { timeAggregation: 'Count', operator: 'LessThan', threshold: 1 }
    inARow: 2 // right after the first deployment there was no time for one
  }
  {
    name: 'subscription-near-its-end'
    title: 'The subscription is not being renewed'
    severity: 1
    every: 'PT1H'
    over: heartbeatWindow
    query: loadTextContent('../queries/alerts/subscription-near-its-end.kql')
    criterion: anyRow
    inARow: 1
  }
  {
    name: 'breaker-tripped'
    title: 'The circuit breaker tripped: nothing is written until somebody resumes'
    severity: 0
    every: 'PT5M'
    over: 'PT15M'
    query: loadTextContent('../queries/alerts/breaker-tripped.kql')
    criterion: anyRow
    inARow: 1
  }
  {
    name: 'failures'
    title: 'Functions fail'
    severity: 2
    every: 'PT15M'
    over: 'PT15M'
    query: loadTextContent('../queries/alerts/failures.kql')
    criterion: union(anyRow, { threshold: 4 }) // a single message fails up to five times
    inARow: 1
  }
  {
    name: 'slow-webhook'
    title: 'The webhook answers slowly: Graph may drop notifications'
    severity: 2
    every: 'PT5M'
    over: 'PT15M'
    query: loadTextContent('../queries/alerts/slow-webhook.kql')
    criterion: { timeAggregation: 'Maximum', metricMeasureColumn: 'p95', operator: 'GreaterThan', threshold: 3000 }
    inARow: 1
  }
  {
    name: 'forbidden'
    title: 'Microsoft Graph refuses the app (403)'
    severity: 2
    every: 'PT15M'
    over: 'PT15M'
    query: loadTextContent('../queries/alerts/forbidden.kql')
    criterion: anyRow
    inARow: 1
  }
]

resource actionGroup 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: actionGroupName
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'MFA Prefill'
    enabled: true
    emailReceivers: [for address in addresses: { name: address, emailAddress: address, useCommonAlertSchema: true }]
  }
}

resource queryRules 'Microsoft.Insights/scheduledQueryRules@2026-03-01' = [
  for rule in rules: {
    name: '${rulePrefix}-${rule.name}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: 'MFA Prefill: ${rule.title}'
      description: 'What to do: docs/operations.md#${rule.name}'
      severity: rule.severity
      enabled: true
      scopes: [appInsightsId]
      evaluationFrequency: rule.every
      windowSize: rule.over
      autoMitigate: true
      skipQueryValidation: true // a new component has no tables yet
      criteria: {
        allOf: [
          union(rule.criterion, {
            query: '${signals}\n${rule.query}'
            failingPeriods: {
              numberOfEvaluationPeriods: rule.inARow
              minFailingPeriodsToAlert: rule.inARow
            }
          })
        ]
      }
      actions: {
        actionGroups: [actionGroup.id]
        customProperties: { runbook: 'docs/operations.md#${rule.name}' }
      }
    }
  }
]

@description('How many addresses alerts reach.')
output receivers int = length(addresses)
