// What can be proposed, one ActivityDefinition an order. `%evaluation` is what the operation $evaluate gives back.

RuleSet: Activity(id, name, title, profile)
* insert Published(ActivityDefinition, {id}, {title})
* name = "{name}"
* library = "https://twitch-cds.example/fhir/Library/twitch-data-requirements"
* kind = #ServiceRequest
* profile = "https://twitch-cds.example/fhir/StructureDefinition/{profile}"
* intent = #proposal
* priority = #routine
* dynamicValue[+]
  * path = "status"
  * expression
    * description = "Nothing is ordered until a clinician signs."
    * language = #text/fhirpath
    * expression = "'draft'"
* dynamicValue[+]
  * path = "priority"
  * expression
    * description = "stat for the same day, urgent within two weeks, otherwise routine."
    * language = #text/fhirpath
    * expression = "iif(%evaluation.parameter.where(name = 'disposition').value = 'same-day', 'stat', iif(%evaluation.parameter.where(name = 'disposition').value = 'urgent-referral', 'urgent', 'routine'))"

Instance: neurology-referral
InstanceOf: ActivityDefinition
Usage: #definition
* insert Activity(neurology-referral, NeurologyReferralActivity, Referral to neurology, neurology-referral)
* description = "Proposes that a neurologist sees the patient; for a child, a paediatric neurologist. At same-day it is an acute assessment today."
* code = $sct#183521007 "Referral to neurology service"
* code.text = "Referral to neurology"
* copyright = "SNOMED CT: This material includes SNOMED Clinical Terms (SNOMED CT), which is copyright (c) International Health Terminology Standards Development Organisation (IHTSDO, trading as SNOMED International)."

Instance: blood-panel
InstanceOf: ActivityDefinition
Usage: #definition
* insert Activity(blood-panel, BloodPanelActivity, Blood panel, test-order)
* description = "Proposes the blood tests that belong to a twitch: one order an analyte, all with one requisition. Which analytes, and which are withheld because they were done, is in the part `test` of %evaluation."
* code.text = "Blood panel"
* dynamicValue[+]
  * path = "code"
  * expression
    * description = "One ServiceRequest for each analyte, with the code of its value set analyte-…"
    * language = #text/fhirpath
    * expression = "%evaluation.parameter.where(name = 'test').where(part.where(name = 'id').value = 'blood-panel').part.where(name = 'analyte').value"

Instance: emg
InstanceOf: ActivityDefinition
Usage: #definition
* insert Activity(emg, EmgActivity, Electromyography, test-order)
* description = "Proposes an electromyography; together with nerve conduction studies where a neurologist is to see the patient."
* code = $sct#42803009 "Electromyography"
* code.text = "Electromyography (EMG)"
* copyright = "SNOMED CT: This material includes SNOMED Clinical Terms (SNOMED CT), which is copyright (c) International Health Terminology Standards Development Organisation (IHTSDO, trading as SNOMED International). 42803009 is in no openly licensed set: use it where an affiliate licence covers it."

Instance: ncs
InstanceOf: ActivityDefinition
Usage: #definition
* insert Activity(ncs, NcsActivity, Nerve conduction studies, test-order)
* description = "Proposes nerve conduction studies. No code for them was verified, so the text orders them; a site adds its own."
* code.text = "Nerve conduction studies"

Instance: mri-brain
InstanceOf: ActivityDefinition
Usage: #definition
* insert Activity(mri-brain, MriBrainActivity, MRI of the brain, test-order)
* description = "Proposes an MRI of the brain: upper motor neuron signs, speech or swallowing difficulty, multiple sclerosis, hemifacial spasm."
* code = $loinc#24590-2 "MR Brain"
* code.text = "MRI of the brain"
* copyright = "LOINC: This material contains content from LOINC (http://loinc.org). LOINC is copyright (c) Regenstrief Institute, Inc. and the Logical Observation Identifiers Names and Codes (LOINC) Committee and is available at no cost under the license at http://loinc.org/license."

Instance: mri-cervical-spine
InstanceOf: ActivityDefinition
Usage: #definition
* insert Activity(mri-cervical-spine, MriCervicalSpineActivity, MRI of the cervical spine, test-order)
* description = "Proposes an MRI of the cervical spine: upper motor neuron signs, or weakness or wasting of the arms with sensory change or neck pain."
* code = $loinc#24935-9 "MR Cervical spine"
* code.text = "MRI of the cervical spine"
* copyright = "LOINC: This material contains content from LOINC (http://loinc.org). LOINC is copyright (c) Regenstrief Institute, Inc. and the Logical Observation Identifiers Names and Codes (LOINC) Committee and is available at no cost under the license at http://loinc.org/license."

Instance: respiratory-function
InstanceOf: ActivityDefinition
Usage: #definition
* insert Activity(respiratory-function, RespiratoryFunctionActivity, Respiratory function, test-order)
* description = "Proposes a forced vital capacity, sitting and lying, for breathing difficulty."
* code = $sct#23426006 "Measurement of respiratory function"
* code.text = "Respiratory function: forced vital capacity (FVC), sitting and lying"
* copyright = "SNOMED CT: This material includes SNOMED Clinical Terms (SNOMED CT), which is copyright (c) International Health Terminology Standards Development Organisation (IHTSDO, trading as SNOMED International)."

Instance: blood-gas
InstanceOf: ActivityDefinition
Usage: #definition
* insert Activity(blood-gas, BloodGasActivity, Arterial blood gas, test-order)
* description = "Proposes an arterial blood gas where breathing is failing."
* code = $loinc#24336-0 "Gas panel - Arterial blood"
* code.text = "Arterial blood gas"
* copyright = "LOINC: This material contains content from LOINC (http://loinc.org). LOINC is copyright (c) Regenstrief Institute, Inc. and the Logical Observation Identifiers Names and Codes (LOINC) Committee and is available at no cost under the license at http://loinc.org/license."

Instance: ecg
InstanceOf: ActivityDefinition
Usage: #definition
* insert Activity(ecg, EcgActivity, Electrocardiogram, test-order)
* description = "Proposes an electrocardiogram: critical electrolytes, too much lithium, rapid weakness; offered with a low or high potassium or a low magnesium. The text orders it."
* code.text = "Electrocardiogram (ECG)"

Instance: lifestyle-education
InstanceOf: ActivityDefinition
Usage: #definition
* insert Published(ActivityDefinition, lifestyle-education, Lifestyle steps)
* name = "LifestyleEducationActivity"
* description = "The six lifestyle steps and what to come back for, without the parts that would harm this patient. The service says them on a card and orders nothing; a client that plans education can make a proposal of it. Never at urgent or same-day."
* library = "https://twitch-cds.example/fhir/Library/twitch-data-requirements"
* kind = #ServiceRequest
* intent = #proposal
* priority = #routine
* code = $sct#313204009 "Lifestyle education"
* code.text = "Lifestyle steps for muscle twitching"
* copyright = "SNOMED CT: This material includes SNOMED Clinical Terms (SNOMED CT), which is copyright (c) International Health Terminology Standards Development Organisation (IHTSDO, trading as SNOMED International)."
