// The structured history, in words for a patient. A link id is one of our own codes or a concept of
// service/knowledge; so an answer becomes the same fact as an Observation with that code. An answer that is
// missing stays unknown.

RuleSet: Group(link, text)
* item[+]
  * linkId = "{link}"
  * text = "{text}"
  * type = #group

RuleSet: Ask(link, type, code, text)
* item[=].item[+]
  * linkId = "{link}"
  * code = {code}
  * text = "{text}"
  * type = #{type}

RuleSet: AskUncoded(link, type, text)
* item[=].item[+]
  * linkId = "{link}"
  * text = "{text}"
  * type = #{type}

RuleSet: Measure(link, code, unit, text)
* item[=].item[+]
  * extension[+].url = "http://hl7.org/fhir/StructureDefinition/questionnaire-unitOption"
  * extension[=].valueCoding = $ucum#{unit}
  * linkId = "{link}"
  * code = {code}
  * text = "{text}"
  * type = #quantity

RuleSet: When(link)
* item[=].item[=].enableWhen[+]
  * question = "{link}"
  * operator = #=
  * answerBoolean = true

RuleSet: Choice(coding)
* item[=].item[=].answerOption[+].valueCoding = {coding}

RuleSet: Site(code, display)
* item[=].item[=].answerOption[+].valueCoding = $sct#{code} "{display}"

Instance: twitch-history
InstanceOf: Questionnaire
Usage: #definition
* insert Published(Questionnaire, twitch-history, Muscle twitching: the history)
* name = "TwitchHistory"
* description = "The history of a muscle twitch, for the patient or with the patient; the last part is for the clinician who examines. A question that nobody answered stays unknown: it never counts as no."
* purpose = "What decides how soon a neurologist should see a patient who twitches is often not written down. The answers are read like coded Observations."
* copyright = "SNOMED CT: This material includes SNOMED Clinical Terms (SNOMED CT), which is copyright (c) International Health Terminology Standards Development Organisation (IHTSDO, trading as SNOMED International). LOINC: This material contains content from LOINC (http://loinc.org). LOINC is copyright (c) Regenstrief Institute, Inc. and the Logical Observation Identifiers Names and Codes (LOINC) Committee and is available at no cost under the license at http://loinc.org/license."
* subjectType = #Patient
* insert Group(the-twitch, The twitching)
* insert Ask(fasciculation, boolean, $sct#82470000 "Muscle fasciculation", [[Do your muscles twitch, or do you see small movements under the skin?]])
* insert AskUncoded(twitch-onset, date, [[Since when? A month or a year is enough.]])
* insert When(fasciculation)
// A side is asked for by a question of its own: few places have a verified code for one side, and form fillers
// cannot be relied on to ask a second question for each of several answers.
* insert AskUncoded(twitch-site-right, choice, [[Where does it twitch on the right side?]])
* item[=].item[=].repeats = true
* insert When(fasciculation)
* insert Site(80243003, Eyelid structure)
* insert Site(89545001, Face structure)
* insert Site(661005, Jaw region structure)
* insert Site(45048000, Neck structure)
* insert Site(16982005, Shoulder region structure)
* insert Site(40983000, Structure of upper extremity between shoulder and elbow)
* insert Site(14975008, Forearm structure)
* insert Site(85562004, Hand structure)
* insert Site(51185008, Thoracic structure)
* insert Site(818981001, Structure of abdominal cross-sectional segment of trunk)
* insert Site(77568009, [[Back structure, excluding neck]])
* insert Site(46862004, Buttock structure)
* insert Site(68367000, Thigh structure)
* insert Site(30021000, Structure of lower extremity from knee to ankle)
* insert Site(56459004, Foot structure)
* insert AskUncoded(twitch-site-left, choice, [[Where does it twitch on the left side?]])
* item[=].item[=].repeats = true
* insert When(fasciculation)
* insert Site(80243003, Eyelid structure)
* insert Site(89545001, Face structure)
* insert Site(661005, Jaw region structure)
* insert Site(45048000, Neck structure)
* insert Site(16982005, Shoulder region structure)
* insert Site(40983000, Structure of upper extremity between shoulder and elbow)
* insert Site(14975008, Forearm structure)
* insert Site(85562004, Hand structure)
* insert Site(51185008, Thoracic structure)
* insert Site(818981001, Structure of abdominal cross-sectional segment of trunk)
* insert Site(77568009, [[Back structure, excluding neck]])
* insert Site(46862004, Buttock structure)
* insert Site(68367000, Thigh structure)
* insert Site(30021000, Structure of lower extremity from knee to ankle)
* insert Site(56459004, Foot structure)
* insert AskUncoded(twitch-site, choice, [[Where does it twitch in the middle, or where you cannot tell the side?]])
* item[=].item[=].repeats = true
* insert When(fasciculation)
* insert Site(80243003, Eyelid structure)
* insert Site(89545001, Face structure)
* insert Site(661005, Jaw region structure)
* insert Site(21974007, Tongue structure)
* insert Site(45048000, Neck structure)
* insert Site(16982005, Shoulder region structure)
* insert Site(40983000, Structure of upper extremity between shoulder and elbow)
* insert Site(14975008, Forearm structure)
* insert Site(85562004, Hand structure)
* insert Site(51185008, Thoracic structure)
* insert Site(818981001, Structure of abdominal cross-sectional segment of trunk)
* insert Site(77568009, [[Back structure, excluding neck]])
* insert Site(46862004, Buttock structure)
* insert Site(68367000, Thigh structure)
* insert Site(30021000, Structure of lower extremity from knee to ankle)
* insert Site(56459004, Foot structure)
* insert Ask(twitch-course, choice, $own#twitch-course "Course of the twitching", [[Since it began, has the twitching been getting better, staying the same, getting worse, or going up and down?]])
* insert When(fasciculation)
* insert Choice($own#improving "Improving")
* insert Choice($own#unchanged "Unchanged")
* insert Choice($own#worsening "Worsening")
* insert Choice($own#fluctuating "Fluctuating")
* insert Ask(twitch-frequency, choice, $own#twitch-frequency "Frequency of the twitching", [[How often do you notice the twitching: now and then, every week, every day, or without pause?]])
* insert When(fasciculation)
* insert Choice($own#rare "Rare")
* insert Choice($own#weekly "Weekly")
* insert Choice($own#daily "Daily")
* insert Choice($own#constant "Constant")
* insert Ask(twitch-at-rest, boolean, $own#twitch-at-rest "Twitching at rest", [[Does the muscle twitch while you are resting and not using it?]])
* insert When(fasciculation)
* insert Ask(twitch-trigger, choice, $own#twitch-trigger "Trigger of the twitching", [[Does anything bring the twitching on, such as caffeine, stress, exercise, lack of sleep or a medicine?]])
* insert When(fasciculation)
* insert Choice($own#none "None")
* insert Choice($own#caffeine "Caffeine")
* insert Choice($own#stress "Stress")
* insert Choice($own#exercise "Exercise")
* insert Choice($own#lack-of-sleep "Lack of sleep")
* insert Choice($own#dehydration "Dehydration")
* insert Choice($own#medicine "Medicine")
* insert Ask(twitch-persists-despite-lifestyle, boolean, $own#twitch-persists-despite-lifestyle "Twitching persists despite lifestyle changes", [[Did the twitching go on although you cut down caffeine, slept enough and drank enough?]])
* insert When(fasciculation)
* insert Ask(vision-interference, boolean, $own#vision-interference "Eyelid twitching interferes with vision", [[If an eyelid twitches: does it close your eye, or get in the way of seeing?]])
* insert When(fasciculation)
* insert Ask(blepharospasm, boolean, $sct#59026006 "Blepharospasm", [[Do both eyes squeeze shut against your will?]])
* insert AskUncoded(ocular-weakness, boolean, [[Is an eyelid drooping, or do you see double?]])

* insert Group(strength, Strength and muscles)
* insert Ask(muscle-weakness, boolean, $sct#26544005 "Muscle weakness", [[Have you noticed weakness in a hand, arm or leg, such as dropping things or tripping?]])
* insert Ask(difficulty-gripping, boolean, $own#difficulty-gripping "Difficulty gripping or dropping things", [[Is it hard to grip things, or do you drop them?]])
* insert Ask(difficulty-climbing-stairs, boolean, $own#difficulty-climbing-stairs "Difficulty climbing stairs", [[Is it hard to climb stairs because your legs are weak?]])
* insert Ask(weakness-onset, date, $own#weakness-onset "Onset of the weakness", [[If anything is weak: since when? A month or a year is enough.]])
* insert Ask(weakness-progressive, boolean, $own#weakness-progressive "Progressive weakness", [[Is the weakness getting worse, or reaching further muscles?]])
* insert When(muscle-weakness)
* insert When(difficulty-gripping)
* insert When(difficulty-climbing-stairs)
* item[=].item[=].enableBehavior = #any
* insert Ask(sudden-onset, boolean, $own#sudden-onset "Sudden onset of the weakness or the speech difficulty", [[Did the weakness, or the trouble speaking, begin suddenly, within seconds or minutes?]])
* insert Ask(muscle-atrophy, boolean, $sct#88092000 "Muscle atrophy", [[Has a muscle become visibly thinner, for example between thumb and index finger?]])
* insert Ask(cramp, boolean, $sct#55300003 "Cramp", [[Do you have muscle cramps together with the twitching?]])
* insert Ask(gait-disturbance, boolean, $sct#22325002 "Abnormal gait", [[Has your walking become unsteady?]])

* insert Group(feeling, Feeling and pain)
* insert Ask(sensory-change, boolean, $sct#44077006 "Numbness", [[Do you have numbness, tingling or pins and needles?]])
* insert Ask(saddle-numbness, boolean, $sct#449813001 "Numbness of saddle area", [[Is the skin between your legs, where you would sit on a saddle, numb?]])
* insert Ask(neck-pain, boolean, $sct#81680005 "Neck pain", [[Do you have neck pain?]])

* insert Group(speech-and-breath, [[Speech, swallowing and breath]])
* insert Ask(speech-difficulty, boolean, $sct#8011004 "Dysarthria", [[Has your speech become slurred, nasal or hard to understand?]])
* insert Ask(swallowing-difficulty, boolean, $sct#40739000 "Dysphagia", [[Do you have trouble swallowing, or do you cough or choke on food or drink?]])
* insert Ask(dyspnoea, boolean, $sct#267036007 "Dyspnea", [[Have you become short of breath?]])
* insert Ask(dyspnoea-at-rest, boolean, $sct#161941007 "Dyspnea at rest", [[Are you short of breath even when you sit still?]])
* insert Ask(orthopnoea, boolean, $sct#62744007 "Orthopnea", [[Do you get short of breath when you lie flat?]])

* insert Group(weight, Weight)
* insert Ask(weight-loss, boolean, $sct#89362005 "Weight loss", [[Have you lost weight in the last year?]])
* insert Ask(weight-loss-intended, boolean, $own#weight-loss-intended "Weight loss intended", [[Did you mean to lose it, by diet, exercise or treatment?]])
* insert When(weight-loss)

* insert Group(family, Family)
* insert AskUncoded(family-history-of-mnd, boolean, [[Has a parent, brother, sister or child had motor neuron disease (ALS) or frontotemporal dementia?]])

* insert Group(habits, A usual day)
* insert Measure(caffeine-intake, $own#caffeine-intake "Caffeine intake", mg/d, [[About how much caffeine do you take in on a usual day, from all drinks, foods and tablets, in mg?]])
* insert Measure(screen-time, $own#screen-time "Screen time", h/d, [[How many hours a day do you look at a screen, at work and elsewhere?]])
* insert Measure(fluid-intake, $own#fluid-intake "Fluid intake", L/d, [[How much do you drink on a usual day, in litres?]])
* insert Measure(sleep-duration, $loinc#93832-4 "Sleep duration", h, [[How many hours do you sleep on a usual night?]])
* insert Ask(recent-exertion, boolean, $own#recent-exertion "Recent physical exertion", [[Did you work or exercise unusually hard shortly before the twitching, or while it lasted?]])

* insert Group(examination, On examination (for the clinician\))
* insert Ask(upper-motor-neuron-signs, boolean, $sct#86854008 "Hyperreflexia", [[Brisk reflexes, stiffness, Babinski or Hoffmann sign, or clonus?]])
* insert Ask(tongue-fasciculation, boolean, $sct#249878001 "Fasciculation of tongue", [[Does the tongue twitch at rest?]])
* insert Ask(tongue-wasting, boolean, $sct#50805004 "Atrophy of tongue", [[Is the tongue wasted?]])
* insert Ask(split-hand, boolean, $own#split-hand "Split hand", [[Is the hand wasted on the side of the thumb while the side of the little finger is spared?]])
* insert Ask(mrc-grade, integer, $own#mrc-grade "MRC grade of muscle power", [[The lowest MRC grade of muscle power, 0 to 5]])
* item[=].item[=].extension[+].url = "http://hl7.org/fhir/StructureDefinition/minValue"
* item[=].item[=].extension[=].valueInteger = 0
* item[=].item[=].extension[+].url = "http://hl7.org/fhir/StructureDefinition/maxValue"
* item[=].item[=].extension[=].valueInteger = 5
