import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.ConceptValidationOptions;
import ca.uhn.fhir.context.support.DefaultProfileValidationSupport;
import ca.uhn.fhir.context.support.IValidationSupport;
import ca.uhn.fhir.context.support.IValidationSupport.CodeValidationResult;
import ca.uhn.fhir.context.support.ValidationSupportContext;
import ca.uhn.fhir.validation.FhirValidator;
import ca.uhn.fhir.validation.SingleValidationMessage;
import ca.uhn.fhir.validation.ValidationOptions;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.hl7.fhir.common.hapi.validation.support.CommonCodeSystemsTerminologyService;
import org.hl7.fhir.common.hapi.validation.support.InMemoryTerminologyServerValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.PrePopulatedValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.SnapshotGeneratingValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.UnknownCodeSystemWarningValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.ValidationSupportChain;
import org.hl7.fhir.common.hapi.validation.validator.FhirDefaultPolicyAdvisor;
import org.hl7.fhir.common.hapi.validation.validator.FhirInstanceValidator;
import org.hl7.fhir.common.hapi.validation.validator.WorkerContextValidationSupportAdapter;
import org.hl7.fhir.convertors.factory.VersionConvertorFactory_40_50;
import org.hl7.fhir.r4.model.MetadataResource;
import org.hl7.fhir.r5.context.IWorkerContext;
import org.hl7.fhir.r5.elementmodel.Element;
import org.hl7.fhir.r5.elementmodel.JsonParser;
import org.hl7.fhir.r5.elementmodel.Manager;
import org.hl7.fhir.r5.elementmodel.ParserBase;
import org.hl7.fhir.r5.elementmodel.ValidatedFragment;
import org.hl7.fhir.r5.model.CanonicalResource;
import org.hl7.fhir.r5.model.CanonicalType;
import org.hl7.fhir.r5.model.StructureDefinition;
import org.hl7.fhir.r5.utils.validation.IResourceValidator;
import org.hl7.fhir.r5.utils.validation.IValidationPolicyAdvisor;
import org.hl7.fhir.r5.utils.validation.IValidatorResourceFetcher;
import org.hl7.fhir.r5.utils.validation.ValidatorSession;
import org.hl7.fhir.r5.utils.validation.constants.BestPracticeWarningLevel;
import org.hl7.fhir.r5.utils.validation.constants.ReferenceValidationPolicy;
import org.hl7.fhir.r5.utils.xver.XVerExtensionManagerFactory;
import org.hl7.fhir.utilities.i18n.I18nConstants;
import org.hl7.fhir.utilities.json.model.JsonObject;
import org.hl7.fhir.utilities.validation.ValidationMessage;
import org.hl7.fhir.validation.ValidatorSettings;
import org.hl7.fhir.validation.instance.InstanceValidator;

/**
 * Validates files with the FHIR instance validator against R4 and our own artefacts, without a network. What is no
 * resource is an answer of CDS Hooks, and is held against the logical model of such answers.
 *
 * Arguments: the folder of our artefacts, then files or folders to validate. One line of output a finding:
 * file, severity, place and message, with tabs between. A file without findings gives no line.
 */
public class Validate {
  public static void main(String[] arguments) throws Exception {
    FhirContext context = FhirContext.forR4();
    Map<String, MetadataResource> ours = artefacts(context, Path.of(arguments[0]));
    ValidationSupportChain known = support(context, ours);
    FhirValidator validator = context.newValidator().registerValidatorModule(module(known, ours));
    IWorkerContext worker = WorkerContextValidationSupportAdapter.newVersionSpecificWorkerContextWrapper(known);
    ValidationOptions options = new ValidationOptions();
    List<Path> files = new ArrayList<>();
    for (int i = 1; i < arguments.length; i++) {
      try (Stream<Path> found = Files.walk(Path.of(arguments[i]))) {
        found.filter(path -> path.toString().endsWith(".json")).sorted().forEach(files::add);
      }
    }
    for (Path file : files) {
      String text = Files.readString(file);
      JsonObject json = org.hl7.fhir.utilities.json.parser.JsonParser.parseObject(text);
      if (json.has("resourceType")) {
        for (SingleValidationMessage said : validator.validateWithResult(text, options).getMessages()) {
          tell(file, said.getSeverity().getCode(), said.getLocationString(), said.getMessage(), known);
        }
        continue;
      }
      String model = BASE + "StructureDefinition/cds-hooks-" + (json.has("services") ? "services" : "response");
      for (ValidationMessage said : asModel(text, worker.fetchResource(StructureDefinition.class, model), worker, ours)) {
        tell(file, said.getLevel().toCode(), said.getLocation(), said.getMessage(), known);
      }
    }
    System.err.println(files.size() + " files validated");
  }

  private static void tell(Path file, String severity, String place, String message, ValidationSupportChain known) {
    if (!falseAlarm(message, known)) {
      String words = message == null ? "" : message.replaceAll("\\s+", " ");
      System.out.println(String.join("\t", file.toString(), severity, String.valueOf(place), words));
    }
  }

  /** JSON that is no resource, and the resources in it, against a logical model. */
  private static List<ValidationMessage> asModel(String text, StructureDefinition model, IWorkerContext worker,
      Map<String, MetadataResource> ours) throws IOException {
    JsonParser parser = new JsonParser(worker);
    parser.setLogical(model);
    parser.setupValidation(ParserBase.ValidationPolicy.EVERYTHING);
    ValidatedFragment parsed = parser.parse(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8))).get(0);
    List<ValidationMessage> found = new ArrayList<>(parsed.getErrors());
    InstanceValidator validator = new InstanceValidator(worker, new FhirInstanceValidator.NullEvaluationContext(),
        XVerExtensionManagerFactory.createExtensionManager(worker), new ValidatorSession(), new ValidatorSettings());
    validator.setPolicyAdvisor(new TypesOfReferences());
    validator.setFetcher(new NothingElsewhere(ours));
    validator.setAnyExtensionsAllowed(false);
    validator.setBestPracticeWarningLevel(BestPracticeWarningLevel.Ignore);
    validator.validate(null, found, "", parsed.getElement(), List.of(model));
    // The resource of an action that creates one has no id yet, and a service has one id under all its hooks.
    found.removeIf(said -> NOT_OF_RESOURCES.contains(String.valueOf(said.getMessageId())));
    return found;
  }

  /**
   * HAPI says "None of the codings provided are in the value set" of a CodeableConcept as soon as one of its codings is
   * not; FHIR asks for one that is. So each coding is looked up by itself.
   */
  private static boolean falseAlarm(String message, ValidationSupportChain known) {
    Matcher none = NONE.matcher(message == null ? "" : message);
    if (!none.find()) {
      return false;
    }
    for (String coding : none.group(2).split(", ")) {
      String[] parts = coding.split("#", 2);
      CodeValidationResult found = parts.length < 2 ? null : known.validateCode(new ValidationSupportContext(known),
          new ConceptValidationOptions(), parts[0], parts[1], null, none.group(1));
      if (found != null && found.isOk()) {
        return true;
      }
    }
    return false;
  }

  private static final Set<String> NOT_OF_RESOURCES =
      Set.of(I18nConstants.RESOURCE_RES_ID_MISSING, I18nConstants.DUPLICATE_ID);

  /** Extensions by which logical models say how their JSON differs from that of resources. */
  private static final String HOW_JSON_IS_WRITTEN = "http://hl7.org/fhir/tools/StructureDefinition/";

  private static final String BASE = "https://twitch-cds.example/fhir/";

  private static final Pattern NONE = Pattern.compile(
      "^None of the codings provided are in the value set '[^']*' \\(([^|)]+)[^)]*\\).*\\(codes = (.*)\\)$");

  /** Our artefacts by their addresses. */
  private static Map<String, MetadataResource> artefacts(FhirContext context, Path folder) throws IOException {
    Map<String, MetadataResource> ours = new HashMap<>();
    try (Stream<Path> found = Files.list(folder)) {
      for (Path file : found.filter(path -> path.toString().endsWith(".json")).sorted().toList()) {
        if (context.newJsonParser().parseResource(Files.readString(file)) instanceof MetadataResource artefact) {
          ours.put(artefact.getUrl(), artefact);
        }
      }
    }
    return ours;
  }

  /** R4's definitions, ours, the code systems that everybody knows; codes of systems that nobody here knows are warnings. */
  private static ValidationSupportChain support(FhirContext context, Map<String, MetadataResource> ours) {
    PrePopulatedValidationSupport artefacts = new PrePopulatedValidationSupport(context);
    ours.values().forEach(artefacts::addResource);
    UnknownCodeSystemWarningValidationSupport unknown = new UnknownCodeSystemWarningValidationSupport(context);
    unknown.setNonExistentCodeSystemSeverity(IValidationSupport.IssueSeverity.WARNING);
    return new ValidationSupportChain(
        new DefaultProfileValidationSupport(context), artefacts,
        new CommonCodeSystemsTerminologyService(context),
        new InMemoryTerminologyServerValidationSupport(context),
        new SnapshotGeneratingValidationSupport(context), unknown);
  }

  private static FhirInstanceValidator module(ValidationSupportChain known, Map<String, MetadataResource> ours) {
    FhirInstanceValidator module = new FhirInstanceValidator(known);
    module.setValidatorPolicyAdvisor(new TypesOfReferences());
    module.setValidatorResourceFetcher(new NothingElsewhere(ours));
    module.setAnyExtensionsAllowed(false);
    module.setCustomExtensionDomains(HOW_JSON_IS_WRITTEN);
    module.setBestPracticeWarningLevel(BestPracticeWarningLevel.Ignore);
    return module;
  }

  /** A reference must name an allowed type; what it refers to need not be here. */
  private static class TypesOfReferences extends FhirDefaultPolicyAdvisor {
    @Override
    public ReferenceValidationPolicy policyForReference(IResourceValidator validator, Object context, String path,
        String url, IValidationPolicyAdvisor.ReferenceDestinationType destination) {
      return ReferenceValidationPolicy.CHECK_TYPE_IF_EXISTS;
    }
  }

  /** Nothing is fetched. An address below our base must be one of our artefacts or an example of a server's. */
  private record NothingElsewhere(Map<String, MetadataResource> ours) implements IValidatorResourceFetcher {
    private static final Pattern LITERAL = Pattern.compile("([A-Z][A-Za-z]+)/([A-Za-z0-9.-]{1,64})");

    /** A reference is good if its type is: what is returned is of that type, and empty. */
    @Override
    public Element fetch(IResourceValidator validator, Object context, String url) throws IOException {
      Matcher literal = LITERAL.matcher(url);
      if (!literal.matches()) {
        return null;
      }
      String stub = "{\"resourceType\": \"%s\", \"id\": \"%s\"}".formatted(literal.group(1), literal.group(2));
      return Manager.parseSingle(((InstanceValidator) validator).getContext(),
          new ByteArrayInputStream(stub.getBytes(StandardCharsets.UTF_8)), Manager.FhirFormat.JSON);
    }

    @Override
    public boolean resolveURL(IResourceValidator validator, Object context, String path, String url, String type,
        boolean canonical, List<CanonicalType> targets) {
      return !url.startsWith(BASE) || ours.containsKey(url.replaceAll("\\|.*", ""));
    }

    @Override
    public byte[] fetchRaw(IResourceValidator validator, String url) {
      return null;
    }

    @Override
    public IValidatorResourceFetcher setLocale(Locale locale) {
      return this;
    }

    @Override
    public CanonicalResource fetchCanonicalResource(IResourceValidator validator, Object context, String url) {
      MetadataResource found = ours.get(url.replaceAll("\\|.*", ""));
      return found == null ? null : (CanonicalResource) VersionConvertorFactory_40_50.convertResource(found);
    }

    @Override
    public boolean fetchesCanonicalResource(IResourceValidator validator, String url) {
      return url.startsWith(BASE);
    }

    @Override
    public Set<ResourceVersionInformation> fetchCanonicalResourceVersions(IResourceValidator validator,
        Object context, String url) {
      return Set.of();
    }
  }
}
