package dev.strata.operator;

import dev.strata.api.BuildClassSpec;
import dev.strata.api.BuildClassSpec.Allowed;
import dev.strata.api.BuildClassSpec.Maximum;
import dev.strata.api.ImageBuildSpec;
import dev.strata.api.ImageBuildSpec.NamedContext;
import dev.strata.api.PodSettings;
import dev.strata.api.Source;
import io.fabric8.kubernetes.api.model.Quantity;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What a class allows, asked of a spec. The admission policy in {@code manifests/} refuses the same in the same words; it
 * is here once more for clusters without it, for specs that are older than their class's rules, and for {@code strata
 * class check}.
 */
final class ClassRules {
    /** In the order in which broken rules are told. */
    private static final List<String> BOUNDED = List.of("cpu", "memory", "ephemeral-storage");

    /** Ways to write an address that a server or client reads as another one. */
    private static final Pattern ROUNDABOUT = Pattern.compile("/\\.{1,2}(/|$)|%2[eE]|\\\\");

    private final ImageBuildSpec spec;
    private final String namespace;
    private final String className;
    private final List<String> broken = new ArrayList<>();

    private ClassRules(ImageBuildSpec spec, String namespace, String className) {
        this.spec = spec;
        this.namespace = namespace;
        this.className = className;
    }

    /** A sentence for each kind of rule that the spec breaks, telling the first place that breaks it; empty where it fits. */
    static List<String> broken(ImageBuildSpec spec, String namespace, String className, BuildClassSpec settings) {
        ClassRules rules = new ClassRules(spec, namespace, className);
        Allowed allowed = settings.allowed();
        if (allowed != null) {
            rules.within("registries", rules.repositories(), allowed.registries());
            rules.within("sources", rules.origins(), allowed.sources());
            rules.podSettings(allowed.podSettings());
        }
        Maximum maximum = settings.maximum();
        if (maximum != null) {
            rules.resources(maximum.resources());
            rules.timeout(maximum.timeout());
            rules.retries(maximum.retries());
        }
        return rules.broken;
    }

    /** Whether builds of this class may name a repository. */
    static boolean permits(BuildClassSpec settings, String namespace, String repository) {
        Allowed allowed = settings.allowed();
        return allowed == null
                || allowed.registries().isEmpty()
                || (!ROUNDABOUT.matcher(repository).find()
                        && allowed.registries().stream()
                                .anyMatch(each -> isWithin(repository, each.replace("{namespace}", namespace))));
    }

    private record Place(String field, String value) {}

    private List<Place> repositories() {
        List<Place> places = new ArrayList<>();
        add(
                places,
                "spec.output.image",
                spec.output() == null ? null : spec.output().image());
        add(
                places,
                "spec.cache.image",
                spec.cache() == null ? null : spec.cache().image());
        return places;
    }

    private List<Place> origins() {
        List<Place> places = new ArrayList<>();
        Source source = spec.source();
        if (source != null) {
            add(
                    places,
                    "spec.source.git.url",
                    source.git() == null ? null : source.git().url());
            add(
                    places,
                    "spec.source.http.url",
                    source.http() == null ? null : source.http().url());
            add(
                    places,
                    "spec.source.oci.image",
                    source.oci() == null ? null : source.oci().image());
        }
        for (NamedContext context : spec.contexts()) {
            String field = "spec.contexts[" + context.name() + "]";
            add(
                    places,
                    field + ".git.url",
                    context.git() == null ? null : context.git().url());
            add(
                    places,
                    field + ".http.url",
                    context.http() == null ? null : context.http().url());
            add(places, field + ".image", context.image());
        }
        return places;
    }

    private static void add(List<Place> places, String field, @Nullable String value) {
        if (value != null) {
            places.add(new Place(field, value));
        }
    }

    private void within(String list, List<Place> places, List<String> allowed) {
        List<String> beginnings = allowed.stream()
                .map(each -> each.replace("{namespace}", namespace))
                .toList();
        if (beginnings.isEmpty()) {
            return;
        }
        places.stream()
                .filter(place -> ROUNDABOUT.matcher(place.value()).find()
                        || beginnings.stream().noneMatch(beginning -> isWithin(place.value(), beginning)))
                .findFirst()
                .ifPresent(place -> broken.add(place.field() + ": \"" + place.value() + "\" is not within the " + list
                        + " that the class \"" + className + "\" allows: " + String.join(", ", beginnings)));
    }

    private static boolean isWithin(String value, String beginning) {
        return value.equals(beginning)
                || value.startsWith(beginning.endsWith("/") || beginning.endsWith(":") ? beginning : beginning + "/");
    }

    private void podSettings(@Nullable List<String> allowed) {
        PodSettings pod = spec.pod();
        if (allowed == null || pod == null) {
            return;
        }
        Stream.of(
                        pod.resources() == null ? "" : "resources",
                        pod.nodeSelector().isEmpty() ? "" : "nodeSelector",
                        pod.tolerations().isEmpty() ? "" : "tolerations")
                .filter(given -> !given.isEmpty() && !allowed.contains(given))
                .findFirst()
                .ifPresent(given -> broken.add(
                        "spec.pod." + given + ": the class \"" + className + "\" does not let builds set it"));
    }

    private void resources(Map<String, Quantity> maximum) {
        PodSettings.Resources asked = spec.pod() == null ? null : spec.pod().resources();
        if (asked == null) {
            return;
        }
        Stream.concat(over("requests", asked.requests(), maximum), over("limits", asked.limits(), maximum))
                .findFirst()
                .ifPresent(broken::add);
    }

    private Stream<String> over(String kind, Map<String, Quantity> asked, Map<String, Quantity> maximum) {
        return BOUNDED.stream()
                .filter(name -> isMore(asked.get(name), maximum.get(name)))
                .map(name -> more("spec.pod.resources." + kind + "." + name, asked.get(name), maximum.get(name)));
    }

    static boolean isMore(@Nullable Quantity asked, @Nullable Quantity maximum) {
        return asked != null
                && maximum != null
                && asked.getNumericalAmount().compareTo(maximum.getNumericalAmount()) > 0;
    }

    private void timeout(@Nullable String maximum) {
        String asked = spec.timeout();
        if (asked != null
                && maximum != null
                && ClassDefaults.duration(asked).compareTo(ClassDefaults.duration(maximum)) > 0) {
            broken.add(more("spec.timeout", asked, maximum));
        }
    }

    private void retries(@Nullable Integer maximum) {
        Integer asked = spec.retry() == null ? null : spec.retry().limit();
        if (asked != null && maximum != null && asked > maximum) {
            broken.add(more("spec.retry.limit", asked, maximum));
        }
    }

    private String more(String field, @Nullable Object asked, @Nullable Object maximum) {
        return field + ": " + asked + " is more than the class \"" + className + "\" allows: " + maximum;
    }
}
