// What we read, where we need more than base R4 asks for, and what we write.
// A resource that keeps to base R4 alone is read too; what is missing then leaves a question open.

// ---- Statements ------------------------------------------------------------------------------------------

RuleSet: Stated
* subject 1..1 MS
* subject only Reference(Patient)
* value[x] only boolean or CodeableConcept
* value[x] MS
* dataAbsentReason MS
* bodySite MS
* bodySite from https://twitch-cds.example/fhir/ValueSet/body-sites (required)
* obeys stated-dated and stated-answered

Invariant: stated-dated
Description: "A statement has a date: effectiveDateTime, effectivePeriod, effectiveInstant or issued. Without one nothing is known about how long it has been so."
Severity: #error
Expression: "effective.exists() or issued.exists()"

Invariant: stated-answered
Description: "A statement without a value says something only where it is final, amended or corrected: then its code states the finding."
Severity: #error
Expression: "value.exists() or dataAbsentReason.exists() or status = 'final' or status = 'amended' or status = 'corrected'"

Profile: TwitchObservation
Parent: Observation
Id: twitch-observation
Title: "A muscle twitch, observed or reported"
Description: "States that a muscle twitches, where and since when; or, with the value false, that it does not."
* insert Canonical
* insert Stated
* code MS
* code from https://twitch-cds.example/fhir/ValueSet/twitch-statements (required)

Profile: MotorFinding
Parent: Observation
Id: motor-finding
Title: "Weakness, wasting or another motor finding"
Description: "A symptom or sign of the motor system. Together with a twitch it asks for an urgent referral."
* insert Canonical
* insert Stated
* code MS
* code from https://twitch-cds.example/fhir/ValueSet/motor-findings (required)

Profile: TwitchCharacteristic
Parent: Observation
Id: twitch-characteristic
Title: "What only our own codes say"
Description: "The course, the trigger and the like: an Observation with a code of twitch-findings, and an answer of the type that belongs to the code."
* insert Canonical
* subject 1..1 MS
* subject only Reference(Patient)
* code MS
* code from https://twitch-cds.example/fhir/ValueSet/own-questions (required)
* value[x] only boolean or integer or CodeableConcept or Quantity or dateTime
* value[x] MS
* obeys stated-dated and own-boolean and own-coded and own-quantity and own-grade and own-day

Invariant: own-boolean
Description: "What is asked as yes or no has a boolean answer."
Severity: #error
Expression: "code.coding.where(system = 'https://twitch-cds.example/fhir/CodeSystem/twitch-findings' and (code = 'twitch-at-rest' or code = 'twitch-persists-despite-lifestyle' or code = 'vision-interference' or code = 'weakness-progressive' or code = 'split-hand' or code = 'difficulty-gripping' or code = 'difficulty-climbing-stairs' or code = 'recent-exertion' or code = 'weight-loss-intended' or code = 'sudden-onset' or code = 'family-history-of-mnd')).exists() implies (value.ofType(boolean).exists() or dataAbsentReason.exists())"

Invariant: own-coded
Description: "Course, frequency and trigger have one of their own answers, a site is coded."
Severity: #error
Expression: "code.coding.where(system = 'https://twitch-cds.example/fhir/CodeSystem/twitch-findings' and (code = 'twitch-course' or code = 'twitch-frequency' or code = 'twitch-trigger' or code = 'twitch-site' or code = 'twitch-site-left' or code = 'twitch-site-right')).exists() implies (dataAbsentReason.exists() or (code.coding.where(code = 'twitch-site' or code = 'twitch-site-left' or code = 'twitch-site-right').exists() and value.ofType(CodeableConcept).exists()) or (code.coding.where(code = 'twitch-course').exists() and value.ofType(CodeableConcept).coding.where(system = 'https://twitch-cds.example/fhir/CodeSystem/twitch-findings' and (code = 'improving' or code = 'unchanged' or code = 'worsening' or code = 'fluctuating')).exists()) or (code.coding.where(code = 'twitch-frequency').exists() and value.ofType(CodeableConcept).coding.where(system = 'https://twitch-cds.example/fhir/CodeSystem/twitch-findings' and (code = 'rare' or code = 'weekly' or code = 'daily' or code = 'constant')).exists()) or (code.coding.where(code = 'twitch-trigger').exists() and value.ofType(CodeableConcept).coding.where(system = 'https://twitch-cds.example/fhir/CodeSystem/twitch-findings' and (code = 'none' or code = 'caffeine' or code = 'stress' or code = 'exercise' or code = 'lack-of-sleep' or code = 'dehydration' or code = 'medicine')).exists()))"

Invariant: own-quantity
Description: "Caffeine is given in mg/d, fluid in L/d and screen time in h/d, with their UCUM codes."
Severity: #error
Expression: "code.coding.where(system = 'https://twitch-cds.example/fhir/CodeSystem/twitch-findings' and (code = 'caffeine-intake' or code = 'fluid-intake' or code = 'screen-time')).exists() implies (dataAbsentReason.exists() or (code.coding.where(code = 'caffeine-intake').exists() and value.ofType(Quantity).where(system = 'http://unitsofmeasure.org' and code = 'mg/d').exists()) or (code.coding.where(code = 'fluid-intake').exists() and value.ofType(Quantity).where(system = 'http://unitsofmeasure.org' and code = 'L/d').exists()) or (code.coding.where(code = 'screen-time').exists() and value.ofType(Quantity).where(system = 'http://unitsofmeasure.org' and code = 'h/d').exists()))"

Invariant: own-grade
Description: "An MRC grade is a whole number from 0 to 5 and names its body site."
Severity: #error
Expression: "code.coding.where(system = 'https://twitch-cds.example/fhir/CodeSystem/twitch-findings' and code = 'mrc-grade').exists() implies (dataAbsentReason.exists() or (value.ofType(integer).exists() and value.ofType(integer) >= 0 and value.ofType(integer) <= 5 and bodySite.exists()))"

Invariant: own-day
Description: "Since when it twitches, or is weak, is a day, a month or a year."
Severity: #error
Expression: "code.coding.where(system = 'https://twitch-cds.example/fhir/CodeSystem/twitch-findings' and (code = 'twitch-onset' or code = 'weakness-onset')).exists() implies (value.ofType(dateTime).exists() or dataAbsentReason.exists())"

Profile: TwitchCondition
Parent: Condition
Id: twitch-condition
Title: "A twitch or a symptom on the problem list"
Description: "A twitch, or a symptom that a rule reads, as an entry of the problem list or an encounter diagnosis."
* insert Canonical
* clinicalStatus MS
* verificationStatus MS
* code 1..1 MS
* code from https://twitch-cds.example/fhir/ValueSet/stated-by-condition (required)
* bodySite MS
* bodySite from https://twitch-cds.example/fhir/ValueSet/body-sites (required)
* subject only Reference(Patient)
* onset[x] only dateTime or Age or Period
* onset[x] MS
* recordedDate MS
* obeys condition-dated

Invariant: condition-dated
Description: "A twitch or a symptom has an onset or the date on which it was recorded; the onset is better."
Severity: #error
Expression: "onset.exists() or recordedDate.exists()"

// ---- Results ---------------------------------------------------------------------------------------------

Profile: LaboratoryResult
Parent: Observation
Id: laboratory-result
Title: "A laboratory result that a rule reads"
Description: "A number with a unit that we convert, and the day of the sample. A unit that we do not convert leaves the result unknown; it is never guessed."
* insert Canonical
* code MS
* code from https://twitch-cds.example/fhir/ValueSet/laboratory (required)
* subject 1..1 MS
* subject only Reference(Patient)
* effective[x] 1..1 MS
* effective[x] only dateTime or Period
* value[x] only Quantity
* value[x] MS
* value[x] from https://twitch-cds.example/fhir/ValueSet/laboratory-units (required)
* dataAbsentReason MS
* referenceRange MS
* obeys result-valued

Invariant: result-valued
Description: "A result has a value, or says why it has none."
Severity: #error
Expression: "value.exists() or dataAbsentReason.exists()"

// ---- Answers to the questionnaire ------------------------------------------------------------------------

Profile: TwitchHistoryResponse
Parent: QuestionnaireResponse
Id: twitch-history-response
Title: "The answered history"
Description: "Answers to the Questionnaire twitch-history. A question without an answer is unknown, never no."
* insert Canonical
* questionnaire 1..1 MS
* subject 1..1 MS
* subject only Reference(Patient)
* authored 1..1 MS
* obeys history-ours and history-usable

Invariant: history-ours
Description: "It answers our Questionnaire, of any version."
Severity: #error
Expression: "questionnaire = 'https://twitch-cds.example/fhir/Questionnaire/twitch-history' or questionnaire.startsWith('https://twitch-cds.example/fhir/Questionnaire/twitch-history|')"

Invariant: history-usable
Description: "It is completed, amended, or in progress; in progress counts as preliminary."
Severity: #error
Expression: "status = 'completed' or status = 'amended' or status = 'in-progress'"

// ---- Orders ----------------------------------------------------------------------------------------------

RuleSet: Proposed
* status = #draft (exactly)
* intent = #proposal (exactly)
* priority 1..1 MS
* doNotPerform 0..0
* code 1..1 MS
* code.text 1..1 MS
* subject only Reference(Patient)
* authoredOn 1..1 MS
* requester 0..0
* performer 0..0
* reasonCode MS
* reasonCode.text 1..1 MS
* reasonReference MS
* supportingInfo MS
* obeys order-reasoned

Invariant: order-reasoned
Description: "An order says why: in words, or by the resources that raised the finding."
Severity: #error
Expression: "reasonCode.exists() or reasonReference.exists()"

Profile: NeurologyReferral
Parent: ServiceRequest
Id: neurology-referral
Title: "A proposed referral to neurology"
Description: "A draft that a clinician may sign. Nothing is sent anywhere before that, and who signs is not ours to say."
* insert Canonical
* insert Proposed
* code = $sct#183521007
* performerType 1..1 MS
* performerType.text 1..1 MS
* note MS
* obeys referral-soon

Invariant: referral-soon
Description: "An urgent referral says by when (occurrencePeriod), one for today says today (occurrenceDateTime)."
Severity: #error
Expression: "(priority = 'urgent' implies occurrence.ofType(Period).exists()) and (priority = 'stat' implies occurrence.ofType(dateTime).exists())"

Profile: TestOrder
Parent: ServiceRequest
Id: test-order
Title: "A proposed test"
Description: "A draft order of one test; the tests of a blood panel share a requisition. Where no code is verified the text alone orders it."
* insert Canonical
* insert Proposed
* code.coding from https://twitch-cds.example/fhir/ValueSet/test-orders (required)
* requisition MS
