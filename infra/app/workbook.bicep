// One page for: is it working, what is stuck, when does the subscription end?

@description('Required. What it is called in the portal.')
param displayName string

@description('Required. Region.')
param location string

@description('Required. Tags.')
param tags object

@description('Required. The Application Insights component that is asked.')
param appInsightsId string

var signals = loadTextContent('../queries/signals.kql')

var sections = [
  {
    title: 'Is it working?'
    says: 'The last heartbeat. None for two hours, or a state other than healthy: docs/operations.md#no-heartbeat'
    query: loadTextContent('../queries/workbook/working.kql')
    shape: 'table'
  }
  {
    title: 'When does the subscription end?'
    says: 'Renewed below 14 days. Fewer than 10: docs/operations.md#subscription-near-its-end'
    query: loadTextContent('../queries/workbook/subscription.kql')
    shape: 'table'
  }
  {
    title: 'What is stuck?'
    says: 'Parked, put off, held or refused at the last look: docs/operations.md#parked'
    query: loadTextContent('../queries/workbook/stuck.kql')
    shape: 'table'
  }
  {
    title: 'Coverage over time'
    says: 'Of the people looked at on a day, those who have everything that policy wants.'
    query: loadTextContent('../queries/workbook/coverage.kql')
    shape: 'timechart'
  }
  {
    title: 'Outcomes by reason'
    says: 'What each word asks of you: docs/reasons.md'
    query: loadTextContent('../queries/workbook/outcomes.kql')
    shape: 'table'
  }
  {
    title: 'From creation to phone'
    says: 'Seconds until the phone was read back: half of the people, and all but one in twenty.'
    query: loadTextContent('../queries/workbook/seconds-to-phone.kql')
    shape: 'timechart'
  }
  {
    title: 'Throttled and refused by Graph'
    says: 'Throttling is waited out; refusals need a permission: docs/operations.md#forbidden'
    query: loadTextContent('../queries/workbook/throttling.kql')
    shape: 'barchart'
  }
]

var period = {
  type: 9
  name: 'period'
  content: {
    version: 'KqlParameterItem/1.0'
    parameters: [
      {
        id: guid('period')
        version: 'KqlParameterItem/1.0'
        name: 'Period'
        type: 4
        isRequired: true
        value: { durationMs: 604800000 }
        typeSettings: {
          selectableValues: [
            { durationMs: 3600000 }
            { durationMs: 86400000 }
            { durationMs: 604800000 }
            { durationMs: 2592000000 }
            { durationMs: 7776000000 }
          ]
        }
      }
    ]
    style: 'pills'
    queryType: 0
    resourceType: 'microsoft.insights/components'
  }
}

var items = flatten(map(sections, section => [
  {
    type: 1
    name: '${section.title} (text)'
    content: { json: '## ${section.title}\n${section.says}' }
  }
  {
    type: 3
    name: section.title
    content: {
      version: 'KqlItem/1.0'
      query: '${signals}\n${section.query}'
      size: 0
      timeContextFromParameter: 'Period'
      queryType: 0
      resourceType: 'microsoft.insights/components'
      visualization: section.shape
    }
  }
]))

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(resourceGroup().id, 'operations')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: displayName
    category: 'workbook'
    version: '1.0'
    sourceId: appInsightsId
    serializedData: string({
      version: 'Notebook/1.0'
      items: concat([period], items)
      fallbackResourceIds: [appInsightsId]
      '$schema': 'https://github.com/Microsoft/Application-Insights-Workbooks/blob/master/schema/workbook.json'
    })
  }
}
