// What a FHIR-native client calls. The same assessment as POST /evaluate gives as plain JSON.

RuleSet: In(name, min, max, type, text)
* parameter[+]
  * name = #{name}
  * use = #in
  * min = {min}
  * max = "{max}"
  * documentation = "{text}"
  * type = #{type}

RuleSet: Out(name, min, max, type, text)
* parameter[+]
  * name = #{name}
  * use = #out
  * min = {min}
  * max = "{max}"
  * documentation = "{text}"
  * type = #{type}

RuleSet: OutParts(name, min, max, text)
* parameter[+]
  * name = #{name}
  * use = #out
  * min = {min}
  * max = "{max}"
  * documentation = "{text}"

RuleSet: Part(name, min, max, type, text)
* parameter[=].part[+]
  * name = #{name}
  * use = #out
  * min = {min}
  * max = "{max}"
  * documentation = "{text}"
  * type = #{type}

RuleSet: FollowUp
* parameter[=].part[+]
  * name = #followUp
  * use = #out
  * min = 0
  * max = "*"
  * documentation = "Of a blood panel: an analyte that was abnormal and is measured again."
  * part[+]
    * name = #analyte
    * use = #out
    * min = 1
    * max = "1"
    * documentation = "Which."
    * type = #code
  * part[+]
    * name = #value
    * use = #out
    * min = 0
    * max = "1"
    * documentation = "The abnormal value with its unit."
    * type = #string
  * part[+]
    * name = #date
    * use = #out
    * min = 0
    * max = "1"
    * documentation = "When it was measured, as precisely as the record says."
    * type = #string
  * part[+]
    * name = #within
    * use = #out
    * min = 1
    * max = "1"
    * documentation = "By when, counted from the day, as an ISO 8601 duration."
    * type = #string

RuleSet: Basis
* parameter[=].part[+]
  * name = #basis
  * use = #out
  * min = 0
  * max = "*"
  * documentation = "What it rests on."
  * part[+]
    * name = #fact
    * use = #out
    * min = 1
    * max = "1"
    * documentation = "The id of the fact in the knowledge."
    * type = #string
  * part[+]
    * name = #says
    * use = #out
    * min = 1
    * max = "1"
    * documentation = "The fact, in words."
    * type = #string
  * part[+]
    * name = #source
    * use = #out
    * min = 0
    * max = "1"
    * documentation = "The resource that says so."
    * type = #Reference
  * part[+]
    * name = #date
    * use = #out
    * min = 0
    * max = "1"
    * documentation = "When it was so, or was recorded."
    * type = #string
  * part[+]
    * name = #note
    * use = #out
    * min = 0
    * max = "1"
    * documentation = "What must be said of it: preliminary, or that the record disagrees."
    * type = #string

RuleSet: FromValueSet(valueset)
* parameter[=].binding.strength = #required
* parameter[=].binding.valueSet = "https://twitch-cds.example/fhir/ValueSet/{valueset}"

RuleSet: PartFrom(valueset)
* parameter[=].part[=].binding.strength = #required
* parameter[=].part[=].binding.valueSet = "https://twitch-cds.example/fhir/ValueSet/{valueset}"

Instance: evaluate
InstanceOf: OperationDefinition
Usage: #definition
* insert Published(OperationDefinition, evaluate, Evaluate a record for muscle twitching)
* name = "Evaluate"
* kind = #operation
* affectsState = false
* code = #evaluate
* description = "Decides over one patient's resources on one day: which warning signs are YES, NO or UNKNOWN, how soon the patient should be seen, and what may explain the twitch. Nothing is stored."
* comment = "POST {base}/$evaluate with a Parameters resource. The parts mirror the JSON of POST /evaluate."
* system = true
* type = false
* instance = false
* insert In(data, 1, 1, Bundle, [[The patient's resources: a Bundle of any type. Resources of other patients are counted and passed over.]])
* insert In(on, 0, 1, date, [[The day of the assessment. Default: today in the configured time zone.]])
* insert In(pathway, 0, 1, code, [[The pathway, such as early-referral or nice-ng127. Default: that of the deployment.]])
* insert In(patient, 0, 1, string, [[The id of the patient, where the Bundle holds several.]])
* insert In(all, 0, 1, boolean, [[Whether rules that are NO are listed too. Default: false.]])
* insert Out(on, 1, 1, date, The day of the assessment.)
* insert Out(pathway, 1, 1, code, The pathway that decided.)
* insert Out(knowledgeVersion, 1, 1, string, [[The version of codes, thresholds and words: the same record, day and version give the same answer.]])
* insert Out(disposition, 1, 1, code, How soon the patient should be seen.)
* insert FromValueSet(all-twitch-dispositions)
* insert OutParts(twitch, 1, 1, The twitch itself.)
* insert Part(present, 1, 1, code, Whether a twitch is present.)
* insert PartFrom(all-twitch-truth)
* insert Part(onset, 0, 1, string, [[When it began, as precisely as the record says.]])
* insert Part(duration, 0, 1, Range, [[How long it has lasted, in days; a bound that is not known is absent.]])
* insert Part(site, 0, *, code, [[Where it twitches, such as hand-right.]])
* insert Part(region, 0, *, code, [[bulbar, cervical, thoracic or lumbosacral.]])
* insert Part(spreading, 1, 1, code, Whether it has spread to another site.)
* insert PartFrom(all-twitch-truth)
* insert OutParts(finding, 0, *, [[A rule that is YES or UNKNOWN; with `all`, every rule.]])
* insert Part(rule, 1, 1, code, The id of the rule.)
* insert PartFrom(all-twitch-rules)
* insert Part(truth, 1, 1, code, Its answer.)
* insert PartFrom(all-twitch-truth)
* insert Part(disposition, 0, 1, code, [[The disposition that it asks for and that is in force; absent where it is not YES or a known diagnosis explains it.]])
* insert PartFrom(all-twitch-dispositions)
* insert Part(says, 1, 1, string, The rule in words.)
* insert Part(explainedBy, 0, 1, string, A known diagnosis that explains the finding.)
* insert Part(evidence, 0, *, string, The claims that it rests on.)
* insert Basis
* insert OutParts(referral, 1, 1, Whether a referral is proposed.)
* insert Part(suggest, 1, 1, boolean, Whether one is proposed.)
* insert Part(specialty, 1, 1, code, neurology or paediatric-neurology.)
* insert Part(priority, 0, 1, code, [[routine, urgent or stat.]])
* insert Part(inPlaceSince, 0, 1, string, Since when one is in place.)
* insert Part(expedite, 1, 1, boolean, Whether the one in place should be expedited.)
* insert Part(note, 0, 1, string, The suspicion that the referral names.)
* insert OutParts(contributor, 0, *, What may explain the twitch or feed it.)
* insert Part(id, 1, 1, code, Its id.)
* insert PartFrom(all-twitch-rules)
* insert Basis
* insert OutParts(test, 0, *, A test that is suggested or withheld.)
* insert Part(id, 1, 1, code, [[The id of its ActivityDefinition.]])
* insert Part(reason, 0, 1, string, Why.)
* insert Part(recommended, 1, 1, boolean, [[Whether the pathway asks for it now; else it is only offered.]])
* insert Part(withheld, 0, 1, string, Why it is not suggested.)
* insert Part(analyte, 0, *, code, Of a blood panel: the analytes to order.)
* insert Part(withheldAnalyte, 0, *, string, [[Of a blood panel: an analyte that is withheld, and why.]])
* insert FollowUp
* insert OutParts(lifestyle, 0, *, A lifestyle step.)
* insert Part(id, 1, 1, code, [[caffeine, sleep, hydration, nutrients, stress or stretching.]])
* insert Part(withheld, 0, *, string, A part that would harm this patient.)
* insert Part(says, 0, 1, string, [[The advice, without those parts.]])
* insert Part(why, 0, *, string, Why it matters for this patient.)
* insert OutParts(consideration, 0, 3, [[A condition that the findings fit, for a neurologist to tell apart; never a diagnosis.]])
* insert Part(id, 1, 1, code, Which condition.)
* insert Part(because, 0, *, code, A rule that it rests on.)
* insert PartFrom(all-twitch-rules)
* insert Part(known, 1, 1, boolean, Whether the record holds the diagnosis already.)
* insert OutParts(openQuestion, 0, *, What is not known and could raise the disposition.)
* insert Part(fact, 1, 1, string, What it is.)
* insert Part(ask, 1, 1, string, What to ask.)
* insert Part(why, 1, 1, string, Why it is not known.)
* insert Part(couldRaise, 1, 1, code, The disposition that it could raise to.)
* insert PartFrom(all-twitch-dispositions)
* insert OutParts(mention, 0, *, [[An entry that names a twitch in words alone: it decides nothing, and may be asked about.]])
* insert Part(source, 1, 1, Reference, Which.)
* insert Part(date, 0, 1, string, [[When it was recorded, as precisely as the record says.]])
* insert OutParts(unreadMedicine, 0, *, [[A medicine in use that no known code and no name tells.]])
* insert Part(source, 1, 1, Reference, Which.)
* insert Part(date, 0, 1, string, [[When it was recorded, as precisely as the record says.]])
* insert Out(otherSubjects, 1, 1, integer, How many resources of other patients were passed over.)
* insert OutParts(unreadable, 0, *, A resource that was set aside.)
* insert Part(resource, 1, 1, string, Which.)
* insert Part(reason, 1, 1, string, [[Why, without its values.]])

// What clinical reasoning engines call. R4's own $apply finds the data by itself; here they are sent along.

Instance: apply
InstanceOf: OperationDefinition
Usage: #definition
* insert Published(OperationDefinition, apply, Apply the plan to a record)
* name = "Apply"
* kind = #operation
* affectsState = false
* code = #apply
* base = "http://hl7.org/fhir/OperationDefinition/PlanDefinition-apply"
* resource = #PlanDefinition
* description = "What the plan proposes for one patient on one day, as a CarePlan: a RequestGroup is contained, its actions are draft orders, which are contained too. Nothing is stored, and nothing is ordered."
* comment = "POST {base}/PlanDefinition/fasciculation-red-flags/$apply with a Parameters resource. Where nothing is advised, the CarePlan has no activity, and its title and note say so: every failure is an OperationOutcome. The plan fasciculation-order-check answers orders that are being written; it is called as a CDS service."
* system = false
* type = false
* instance = true
* insert In(subject, 1, 1, string, [[The patient, such as Patient/p1. One only.]])
* parameter[=].searchType = #reference
* insert In(data, 1, 1, Bundle, [[The patient's resources: a Bundle of any type. No server is asked. Resources of other patients are counted and passed over.]])
* insert In(encounter, 0, 1, string, [[The encounter that the orders are to name, such as Encounter/e1.]])
* parameter[=].searchType = #reference
* insert In(on, 0, 1, date, [[The day of the assessment. Default: today in the configured time zone.]])
* insert In(pathway, 0, 1, code, [[The pathway, such as early-referral or nice-ng127. Default: that of the client or the deployment.]])
* insert In(practitioner, 0, 1, string, [[Passed over.]])
* parameter[=].searchType = #reference
* insert In(organization, 0, 1, string, [[Passed over.]])
* parameter[=].searchType = #reference
* insert In(userType, 0, 1, CodeableConcept, [[Passed over.]])
* insert In(userLanguage, 0, 1, CodeableConcept, [[Passed over.]])
* insert In(userTaskContext, 0, 1, CodeableConcept, [[Passed over.]])
* insert In(setting, 0, 1, CodeableConcept, [[Passed over.]])
* insert In(settingContext, 0, 1, CodeableConcept, [[Passed over.]])
* insert Out(return, 1, 1, CarePlan, [[The proposal: status draft, intent proposal, its category the disposition.]])
