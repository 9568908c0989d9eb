package dev.strata.operator;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.exc.UnrecognizedPropertyException;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import dev.strata.api.BuildClass;
import dev.strata.api.BuildClassSpec;
import dev.strata.api.ImageBuild;
import dev.strata.api.ImageBuildSpec;
import dev.strata.api.PodSettings;
import dev.strata.image.Reference;
import io.fabric8.kubernetes.api.model.Quantity;
import java.io.ByteArrayInputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.DateTimeException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** What is wrong with a BuildClass before anybody builds with it, and which builds it would refuse. No cluster is asked. */
public final class ClassCheck {
    private static final YAMLMapper STRICT = YAMLMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();

    private static final Set<String> PLACEHOLDERS = Set.of("{namespace}", "{name}");

    private final String name;
    private final BuildClassSpec settings;
    private final Clock clock;
    private final List<String> problems = new ArrayList<>();

    private ClassCheck(BuildClass buildClass, Clock clock) {
        String given = buildClass.getMetadata() == null
                ? null
                : buildClass.getMetadata().getName();
        this.name = given == null ? BuildClass.DEFAULT : given;
        this.settings = buildClass.getSpec() == null ? BuildClassSpec.NONE : buildClass.getSpec();
        this.clock = clock;
    }

    /**
     * Reads a class.
     *
     * @param yaml a BuildClass as {@code kubectl get -o yaml} gives it, too
     * @param clock by which certificates are too old
     * @throws IllegalArgumentException with the place, if it is no BuildClass
     */
    public static ClassCheck of(String yaml, Clock clock) {
        return new ClassCheck(read(yaml, BuildClass.class), clock);
    }

    private static <T> T read(String yaml, Class<T> kind) {
        try {
            if (!kind.getSimpleName().equals(STRICT.readTree(yaml).path("kind").asText())) {
                throw new IllegalArgumentException("the document's kind is not " + kind.getSimpleName());
            }
            return STRICT.readValue(yaml, kind);
        } catch (UnrecognizedPropertyException e) {
            throw new IllegalArgumentException(path(e) + " is no field of " + kind.getSimpleName() + line(e));
        } catch (JsonMappingException e) {
            throw new IllegalArgumentException(path(e) + ": " + e.getOriginalMessage() + line(e));
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(e.getOriginalMessage() + line(e));
        }
    }

    private static String path(JsonMappingException e) {
        return e.getPath().stream()
                .map(part -> part.getFieldName() == null ? Integer.toString(part.getIndex()) : part.getFieldName())
                .collect(Collectors.joining("."));
    }

    private static String line(JsonProcessingException e) {
        return e.getLocation() == null ? "" : " (line " + e.getLocation().getLineNr() + ")";
    }

    /** The name of the class. */
    public String name() {
        return name;
    }

    /** What contradicts itself or cannot work, a sentence each; empty where all is well. */
    public List<String> problems() {
        problems.clear();
        registries();
        proxy();
        cache();
        allowed();
        maximum();
        resources();
        return List.copyOf(problems);
    }

    /**
     * Why the class refuses a build, a sentence each, in the words of admission; empty where it takes it or is not its class.
     *
     * @param yaml an ImageBuild
     * @throws IllegalArgumentException if it is none
     */
    public List<String> refusals(String yaml) {
        ImageBuild build = read(yaml, ImageBuild.class);
        ImageBuildSpec spec = build.getSpec();
        if (spec == null) {
            return List.of("spec is missing");
        }
        String namespace = build.getMetadata().getNamespace();
        try {
            return Planner.className(spec).equals(name)
                    ? ClassRules.broken(spec, namespace == null ? "default" : namespace, name, settings)
                    : List.of();
        } catch (DateTimeException e) {
            return List.of("spec.timeout: " + e.getMessage());
        }
    }

    private void registries() {
        BuildClassSpec.Registries registries = settings.registries();
        if (registries == null) {
            return;
        }
        registries.mirrors().forEach((host, url) -> {
            url("spec.registries.mirrors[" + host + "]", url);
            noScheme("spec.registries.mirrors", host);
        });
        registries.plainHttp().forEach(host -> noScheme("spec.registries.plainHttp", host));
        if (registries.caBundle() != null) {
            certificates(registries.caBundle());
        }
    }

    private void noScheme(String field, String host) {
        if (host.contains("/")) {
            problems.add(field + ": \"" + host + "\" is to be a host with its port, without scheme and path");
        }
    }

    private void url(String field, @Nullable String text) {
        if (text == null) {
            return;
        }
        try {
            URI uri = URI.create(text);
            if (uri.getHost() != null && Set.of("http", "https").contains(uri.getScheme())) {
                return;
            }
        } catch (IllegalArgumentException e) {
            // told below, as any other text that is no such URL
        }
        problems.add(field + ": \"" + text + "\" is no http or https URL");
    }

    private void certificates(String pem) {
        try {
            var found = CertificateFactory.getInstance("X.509")
                    .generateCertificates(new ByteArrayInputStream(pem.getBytes(StandardCharsets.UTF_8)));
            if (found.isEmpty()) {
                problems.add("spec.registries.caBundle holds no certificate in PEM");
            }
            found.stream()
                    .map(X509Certificate.class::cast)
                    .filter(each -> each.getNotAfter().toInstant().isBefore(clock.instant()))
                    .forEach(each -> problems.add("spec.registries.caBundle: the certificate of "
                            + each.getSubjectX500Principal() + " expired on "
                            + each.getNotAfter().toInstant()));
        } catch (CertificateException e) {
            problems.add("spec.registries.caBundle cannot be read: " + e.getMessage());
        }
    }

    private void proxy() {
        if (settings.proxy() != null) {
            url("spec.proxy.http", settings.proxy().http());
            url("spec.proxy.https", settings.proxy().https());
        }
    }

    private void cache() {
        if (settings.cache() != null) {
            cache("spec.cache.image", settings.cache().image());
            cache("spec.cache.trusted", settings.cache().trusted());
            if (settings.cache().image() != null
                    && settings.cache().image().equals(settings.cache().trusted())) {
                problems.add("spec.cache.trusted is the same repository as spec.cache.image, which is written");
            }
        }
    }

    private void cache(String field, @Nullable String template) {
        if (template == null) {
            return;
        }
        String filled = template;
        for (String placeholder : PLACEHOLDERS) {
            filled = filled.replace(placeholder, "x");
        }
        try {
            Reference reference = Reference.parse(filled);
            if (reference.tag() != null || reference.digest() != null) {
                problems.add(field + ": \"" + template + "\" must be a repository without tag and digest");
            }
        } catch (IllegalArgumentException e) {
            problems.add(field + ": \"" + template
                    + "\" gives no repository, with {namespace} and {name} for the build's: " + e.getMessage());
        }
    }

    private void allowed() {
        if (settings.allowed() == null) {
            return;
        }
        for (String beginning : settings.allowed().registries()) {
            if (beginning.contains("://") || beginning.contains("*")) {
                problems.add(
                        "spec.allowed.registries: \"" + beginning
                                + "\" is to be the beginning of repositories such as registry.example/team-a, without scheme and *");
            }
        }
        for (String beginning : settings.allowed().sources()) {
            if (beginning.contains("*")) {
                problems.add("spec.allowed.sources: \"" + beginning
                        + "\" is to be the beginning of addresses such as https://git.example/team-a, without *");
            }
        }
    }

    private void maximum() {
        BuildClassSpec.Maximum maximum = settings.maximum();
        if (maximum == null) {
            return;
        }
        try {
            if (settings.timeout() != null
                    && maximum.timeout() != null
                    && ClassDefaults.duration(settings.timeout()).compareTo(ClassDefaults.duration(maximum.timeout()))
                            > 0) {
                problems.add("spec.timeout: " + settings.timeout() + " is more than spec.maximum.timeout, "
                        + maximum.timeout() + ", which holds");
            }
        } catch (DateTimeException e) {
            problems.add("spec.timeout, spec.maximum.timeout: " + e.getMessage());
        }
        if (settings.retry() != null
                && settings.retry().limit() != null
                && maximum.retries() != null
                && settings.retry().limit() > maximum.retries()) {
            problems.add("spec.retry.limit: " + settings.retry().limit() + " is more than spec.maximum.retries, "
                    + maximum.retries() + ", which holds");
        }
    }

    private void resources() {
        PodSettings.Resources resources =
                settings.pod() == null ? null : settings.pod().resources();
        if (resources == null) {
            return;
        }
        Map<String, Quantity> most =
                settings.maximum() == null ? Map.of() : settings.maximum().resources();
        resources.limits().forEach((resource, limit) -> {
            if (ClassRules.isMore(limit, most.get(resource))) {
                problems.add("spec.pod.resources.limits." + resource + ": " + limit
                        + " is more than spec.maximum.resources, " + most.get(resource) + ", which holds");
            }
        });
        resources.requests().forEach((resource, request) -> {
            if (ClassRules.isMore(request, resources.limits().get(resource))) {
                problems.add("spec.pod.resources.requests." + resource + ": " + request + " is more than the limit, "
                        + resources.limits().get(resource) + "; no pod with it is taken");
            }
        });
    }
}
