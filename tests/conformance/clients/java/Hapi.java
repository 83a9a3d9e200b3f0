import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.parser.IParser;
import ca.uhn.fhir.parser.StrictErrorHandler;
import ca.uhn.hapi.fhir.cdshooks.api.json.CdsServiceResponseCardJson;
import ca.uhn.hapi.fhir.cdshooks.api.json.CdsServiceResponseJson;
import ca.uhn.hapi.fhir.cdshooks.api.json.CdsServicesJson;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.DeserializationContext;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.deser.std.StdDeserializer;
import com.fasterxml.jackson.databind.module.SimpleModule;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import org.hl7.fhir.instance.model.api.IBaseResource;

/**
 * Calls the service and reads what it says with HAPI's models of CDS Hooks, and the orders in it with HAPI's
 * strict parser of R4. A member that a model of a response does not have is an error.
 *
 * <p>Arguments: the service's base address, then files of calls, each with its hook's path in the first line.
 * Output: for each service "service", hook and id; for each answer "answer", the file's name, cards,
 * suggestions and resources, with tabs between.
 */
public class Hapi {
    private static final HttpClient HTTP = HttpClient.newHttpClient();

    public static void main(String[] arguments) throws Exception {
        String base = arguments[0];
        ObjectMapper models = models(FhirContext.forR4().newJsonParser().setParserErrorHandler(new StrictErrorHandler()));
        // HAPI's model of discovery is of 1.0: it has neither usageRequirements nor version.
        ObjectMapper lenient = models.copy().configure(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES, false);
        String found = sent(HttpRequest.newBuilder(URI.create(base + "/cds-services")).GET().build());
        lenient.readValue(found, CdsServicesJson.class).getServices()
                .forEach(service -> System.out.println("service\t" + service.getHook() + "\t" + service.getId()));
        for (int i = 1; i < arguments.length; i++) {
            answered(base, Path.of(arguments[i]), models);
        }
    }

    private static void answered(String base, Path file, ObjectMapper models) throws Exception {
        String[] call = Files.readString(file).split("\n", 2);
        HttpRequest request = HttpRequest.newBuilder(URI.create(base + call[0]))
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(call[1]))
                .build();
        CdsServiceResponseJson response = models.readValue(sent(request), CdsServiceResponseJson.class);
        long suggestions = response.getCards().stream().map(CdsServiceResponseCardJson::getSuggestions)
                .filter(each -> each != null).mapToLong(each -> each.size()).sum();
        long resources = response.getCards().stream().map(CdsServiceResponseCardJson::getSuggestions)
                .filter(each -> each != null).flatMap(each -> each.stream()).flatMap(each -> each.getActions().stream())
                .filter(action -> action.getResource() != null).count();
        int cards = response.getCards().size();
        System.out.println(String.join("\t", "answer", file.getFileName().toString(), cards + "", suggestions + "", resources + ""));
    }

    private static String sent(HttpRequest request) throws Exception {
        HttpResponse<String> answer = HTTP.send(request, HttpResponse.BodyHandlers.ofString());
        if (answer.statusCode() != 200) {
            throw new IOException(answer.statusCode() + " " + answer.body());
        }
        return answer.body();
    }

    /** Jackson as HAPI's models want it, and resources read by HAPI's parser. */
    private static ObjectMapper models(IParser parser) {
        SimpleModule resources = new SimpleModule();
        resources.addDeserializer(IBaseResource.class, new StdDeserializer<IBaseResource>(IBaseResource.class) {
            @Override
            public IBaseResource deserialize(JsonParser json, DeserializationContext context) throws IOException {
                JsonNode tree = json.getCodec().readTree(json);
                return parser.parseResource(tree.toString());
            }
        });
        return new ObjectMapper().registerModule(resources);
    }
}
