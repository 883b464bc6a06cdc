metadata description = 'What wakes somebody, and the saved query to start from. Every rule reads the events that the function app logs, one JSON object a line.'

import { topic } from 'event-topics.bicep'
import { tagSet } from 'names.bicep'

param prefix string
param location string
param tags tagSet
param logsId string
@minLength(4)
@maxLength(63)
param logsName string

@description('Event Grid topics whose undelivered events somebody must look at')
param topics topic[]

@description('Who is told. Empty: alerts are still raised and seen in the portal')
param emails string[]

@description('No finished check for this long is an alert, whatever the function app says of itself. Log alerts look back two days at most: off, where checks are rarer')
@allowed(['off', 'PT1H', 'PT2H', 'PT6H', 'P1D', 'P2D'])
param silenceWindow string

// Logs arrive minutes late, so a rule looks back further than its frequency: nothing falls between two looks. It counts what
// arrived since its last look, and five minutes more in case a look starts late: told twice rather than not at all.
// A rule that resolves by itself counts the whole window, so that it stays raised while the event comes again each hour.
var newlyArrived = 'where ingestion_time() > ago(20m) | '

// The host forwards the message text only, so the fields travel as JSON in it.
var eventsQuery = 'AppTraces | where Message startswith "{" | extend e = parse_json(Message) | extend event = tostring(e.event), model = tostring(e.model) | where isnotempty(event)'

var rules = [
  {
    name: 'drift'
    title: 'Drift: a retrain was decided'
    description: 'The data of a model has moved. Nothing is broken: a retrain was triggered, or is held until labels have arrived. Look at the report.'
    severity: 3
    events: ['drift']
    resolves: false
  }
  {
    name: 'incident'
    title: 'Incident: a feed is broken'
    description: 'A feed fails its schema, is blank, or is corrupted. No retrain happens on it. The reason lies in the quarantine container; delete it to release the file.'
    severity: 1
    events: ['incident']
    resolves: false
  }
  {
    name: 'common-cause'
    title: 'Common cause: many models drift at once'
    description: 'More models drift within a day than chance explains, so one change upstream is likely. Unless driftloop.toml says otherwise their retrains wait until a person releases them: the runbook says how.'
    severity: 1
    events: ['common_cause']
    resolves: false
  }
  {
    name: 'dispatch-failed'
    title: 'Dispatch failed: a retrain was decided and not started'
    description: 'The CI system did not take the dispatch, no run appeared, or an event of a registered model could not be read. The drift stays in the ledger and is tried again; a wrong token or a missing permission needs a person.'
    severity: 1
    events: ['dispatch_failed', 'event_unreadable']
    resolves: false
  }
  {
    name: 'retrain-failed'
    title: 'Retrain failed'
    description: 'A training run for a drift failed. It is tried again after a pause until the event says final; then the champion stays in service on data that has moved, and a person must look.'
    severity: 2
    events: ['retrain_failed']
    resolves: false
  }
  {
    name: 'check-failed'
    title: 'A check failed'
    description: 'A check crashed and is tried again, or went to the poison queue (check_poisoned), where it waits for a person. A failed check is never a verdict.'
    severity: 2
    events: ['check_failed', 'check_poisoned']
    resolves: false
  }
  {
    name: 'receiver-failed'
    title: 'A receiver takes no alerts'
    description: 'Teams, Slack or a webhook has refused alerts of a model for a day, or one was given up after three days. What it should have told is in the log.'
    severity: 2
    events: ['alert_failed', 'alert_dropped']
    resolves: false
  }
  {
    name: 'overdue'
    title: 'Overdue: a model was not checked in time'
    description: 'The function app runs, but a model has not been checked for longer than its schedule allows.'
    severity: 2
    events: ['overdue']
    resolves: true
  }
]

resource people 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: '${prefix}-people'
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'driftloop'
    emailReceivers: [for (email, i) in emails: { name: 'email-${i}', emailAddress: email, useCommonAlertSchema: true }]
  }
}

resource eventAlerts 'Microsoft.Insights/scheduledQueryRules@2026-03-01' = [
  for rule in rules: {
    name: '${prefix}-${rule.name}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: 'Driftloop: ${rule.title}'
      description: rule.description
      enabled: true
      severity: rule.severity
      scopes: [logsId]
      evaluationFrequency: 'PT15M'
      windowSize: 'PT1H'
      skipQueryValidation: true // the table comes into being with the first log; before that, validation fails
      autoMitigate: rule.resolves
      criteria: {
        allOf: [
          {
            query: '${eventsQuery} | ${rule.resolves ? '' : newlyArrived}where event in ("${join(rule.events, '", "')}") | project TimeGenerated, event, model, e'
            timeAggregation: 'Count'
            operator: 'GreaterThan'
            threshold: 0
            failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
          }
        ]
      }
      actions: { actionGroups: [people.id] }
    }
  }
]

resource silenceAlert 'Microsoft.Insights/scheduledQueryRules@2026-03-01' = if (silenceWindow != 'off') {
  name: '${prefix}-silence'
  location: location
  tags: tags
  kind: 'LogAlert'
  properties: {
    displayName: 'Driftloop: silence, no check has finished'
    description: 'No model was checked at all within ${silenceWindow}. It fires when the function app is down, too, because it counts what is missing.'
    enabled: true
    severity: 1
    scopes: [logsId]
    evaluationFrequency: silenceWindow == 'PT1H' ? 'PT15M' : 'PT1H' // more often than the window is long
    windowSize: silenceWindow
    skipQueryValidation: true
    autoMitigate: true
    criteria: {
      allOf: [
        {
          query: '${eventsQuery} | where event == "check_finished" | project TimeGenerated'
          timeAggregation: 'Count'
          operator: 'LessThan'
          threshold: 1
          failingPeriods: { numberOfEvaluationPeriods: 1, minFailingPeriodsToAlert: 1 }
        }
      ]
    }
    actions: { actionGroups: [people.id] }
  }
}

resource deadLetterAlerts 'Microsoft.Insights/metricAlerts@2026-01-01' = [
  for source in topics: {
    name: '${prefix}-dead-letters-${source.name}'
    location: 'global'
    tags: tags
    properties: {
      description: 'The function app did not take an event for a day; it lies in the container dead-letters. A check is made up for by the timer; a deployment is started by hand.'
      enabled: true
      severity: 2
      scopes: [source.id]
      evaluationFrequency: 'PT15M'
      windowSize: 'PT30M' // metrics arrive late, too
      autoMitigate: false
      criteria: {
        'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
        allOf: [
          {
            criterionType: 'StaticThresholdCriterion'
            name: 'dead-lettered'
            metricName: 'DeadLetteredCount'
            operator: 'GreaterThan'
            threshold: 0
            timeAggregation: 'Total'
          }
        ]
      }
      actions: [{ actionGroupId: people.id }]
    }
  }
]

resource logs 'Microsoft.OperationalInsights/workspaces@2025-07-01' existing = {
  name: logsName
}

resource savedQuery 'Microsoft.OperationalInsights/workspaces/savedSearches@2025-07-01' = {
  parent: logs
  name: '${prefix}-events'
  properties: {
    category: 'Driftloop'
    displayName: 'Driftloop: drifts, incidents, overdue checks, failed dispatches by model and day'
    query: '${eventsQuery} | where event in ("drift", "incident", "overdue", "dispatch_failed", "retrain_failed", "check_failed", "check_poisoned", "event_unreadable", "alert_failed", "alert_dropped", "common_cause", "common_cause_released", "deployed", "drift_closed") | summarize times = count(), latest = max(TimeGenerated), example = take_any(Message) by bin(TimeGenerated, 1d), model, event | order by TimeGenerated desc, model asc'
    version: 2
  }
}
