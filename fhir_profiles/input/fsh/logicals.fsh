// The JSON that our CDS services answer with, as logical models, so that a FHIR validator can look at cards like at
// resources. The elements are those of CDS Hooks 2.0 that we give; the invariants say what the standard says in words.

RuleSet: Model
* ^status = #active
* ^experimental = false
* ^date = "2026-11-23"
* ^publisher = "The twitch-cds authors"

Logical: CdsHooksServices
Parent: Element
Id: cds-hooks-services
Title: "Discovery document"
Description: "What GET /cds-services answers: one entry for each hook of each service."
* insert Model
* services 1..* BackboneElement "One hook of one service"
  * hook 1..1 string "The hook"
  * title 0..1 string "For people"
  * description 1..1 string "What the service does"
  * id 1..1 id "The last part of its address"
  * prefetch 0..* Element "Templates by their keys"
  * prefetch ^extension[+].url = "http://hl7.org/fhir/tools/StructureDefinition/json-property-key"
  * prefetch ^extension[=].valueCode = #key
    * key 0..1 string "The key"
    * value 0..1 string "The template: a query with tokens"
  * usageRequirements 0..1 string "What it cannot do without"
  * version 0..1 string "The version of CDS Hooks"

Logical: CdsHooksResponse
Parent: Element
Id: cds-hooks-response
Title: "Answer of a CDS service"
Description: "What a call of a service answers: cards, or none where there is nothing to say."
* insert Model
* cards 0..* BackboneElement "A card"
* cards ^extension[+].url = "http://hl7.org/fhir/tools/StructureDefinition/json-empty-behavior"
* cards ^extension[=].valueCode = #present
* cards obeys card-short and card-selectable and card-recommends
  * uuid 0..1 string "For the feedback on it"
  * summary 1..1 string "One sentence"
  * detail 0..1 markdown "GitHub Flavored Markdown"
  * indicator 1..1 code "info, warning or critical"
  * source 1..1 BackboneElement "Who says so"
    * label 1..1 string "The name"
    * url 0..1 url "Where to read about it"
    * icon 0..1 url "A picture of it"
    * topic 0..1 Coding "What the card is about"
    * topic from https://twitch-cds.example/fhir/ValueSet/all-twitch-card-topics (required)
  * suggestions 0..* BackboneElement "What can be accepted with one click"
    * uuid 0..1 string "For the feedback on it"
    * label 1..1 string "The words on the button"
    * isRecommended 0..1 boolean "Whether it is the preferred one"
    * actions 0..* BackboneElement "What accepting it does; all of them"
    * actions obeys action-described
      * type 1..1 code "create, update or delete"
      * description 0..1 string "In words"
      * resource 0..1 Resource "What is created, or the whole of what is updated"
  * selectionBehavior 0..1 code "at-most-one or any"
  * overrideReasons 0..* Coding "Why not: what a clinician may choose"
  * overrideReasons obeys reason-shown
  * links 0..* BackboneElement "Where to read on"
    * label 1..1 string "The words"
    * url 1..1 url "The address"
    * type 1..1 code "absolute or smart"

Invariant: card-short
Description: "The summary is shorter than 140 characters, and the indicator is one of the three."
Severity: #error
Expression: "summary.length() < 140 and (indicator = 'info' or indicator = 'warning' or indicator = 'critical')"

Invariant: card-selectable
Description: "Where there are suggestions, it says how many may be selected: at-most-one or any."
Severity: #error
Expression: "suggestions.exists() implies (selectionBehavior = 'any' or selectionBehavior = 'at-most-one')"

Invariant: card-recommends
Description: "Several suggestions are recommended only where any number may be selected."
Severity: #error
Expression: "selectionBehavior = 'any' or suggestions.where(isRecommended = true).count() <= 1"

Invariant: action-described
Description: "An action of a suggestion says what it does, and creates or updates a resource."
Severity: #error
Expression: "description.exists() and (type = 'create' or type = 'update') and resource.exists()"

Invariant: reason-shown
Description: "A reason has words to show."
Severity: #error
Expression: "display.exists()"
