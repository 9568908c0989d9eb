package dev.strata.operator;

import dev.strata.api.ImageBuild;
import dev.strata.api.ImageBuildSpec;
import dev.strata.api.ImageBuildStatus;
import dev.strata.api.Source;
import dev.strata.context.Git;
import dev.strata.image.Descriptor;
import dev.strata.image.Digest;
import dev.strata.image.Index;
import dev.strata.image.Json;
import dev.strata.image.MediaTypes;
import dev.strata.image.Reference;
import dev.strata.operator.LookUps.Answer;
import dev.strata.operator.LookUps.Kind;
import dev.strata.operator.LookUps.Question;
import dev.strata.registry.Registry;
import dev.strata.registry.Resolved;
import io.javaoperatorsdk.operator.processing.event.ResourceID;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** What a build's {@code spec.rebuild} wants to be looked at outside of the cluster, and what was seen there. */
final class Upstream {
    private static final String NAME = "";
    private static final String GONE = "gone";
    /** How often a source is looked at whose server tells of changes by itself. */
    private static final Duration WITH_WEBHOOK = Duration.ofHours(12);

    private final LookUps lookUps;
    private final Outside outside;

    Upstream(LookUps lookUps, Outside outside) {
        this.lookUps = lookUps;
        this.outside = outside;
    }

    /** What is known now, without asking for anything. */
    Looked known(ImageBuild build) {
        return looked(build, lookUps.known(ResourceID.fromResource(build)));
    }

    /** Has looked at, from now on, what this spec and this status call for; answers what is known already. */
    Looked look(Gathered gathered, ImageBuildStatus status) {
        ImageBuild build = gathered.build();
        return looked(build, lookUps.ask(ResourceID.fromResource(build), questions(gathered, status)));
    }

    /** There is a reason to look again at once. */
    void hasten(ResourceID build, Kind kind) {
        lookUps.hasten(build, kind);
    }

    /** Credentials have changed: what could not be seen with the old ones is looked at again at once. */
    void hastenFailed(ResourceID build) {
        lookUps.hastenFailed(build);
    }

    private Map<LookUps.Key, Question> questions(Gathered gathered, ImageBuildStatus status) {
        ImageBuildSpec spec = gathered.build().getSpec();
        ImageBuildSpec.Rebuild rebuild = spec == null ? null : spec.rebuild();
        Map<LookUps.Key, Question> questions = new LinkedHashMap<>();
        if (spec == null || rebuild == null) {
            return questions;
        }
        Outside.Access access = Outside.Access.of(gathered);
        if (spec.source() != null && (rebuild.onSourceChange() != null || rebuild.webhook() != null)) {
            source(access, spec.source(), interval(rebuild.onSourceChange(), WITH_WEBHOOK), questions);
        }
        if (rebuild.onBaseChange() != null) {
            Duration interval = interval(rebuild.onBaseChange(), WITH_WEBHOOK);
            Triggers.latestBases(status).keySet().stream()
                    .filter(name -> !name.contains("@") && !name.startsWith("oci-layout.invalid/"))
                    .forEach(name -> questions.put(
                            new LookUps.Key(Kind.BASE, name, by(access)),
                            new Question(interval, () -> digest(access, Reference.parse(name)))));
        }
        ImageBuildStatus.Inputs current = Triggers.current(status);
        if (rebuild.onDrift() != null && current != null && status.image() != null) {
            Reference image = Reference.parse(status.image());
            List<String> tags = Planner.tags(spec);
            String state = image + " " + tags + " " + current.hash();
            questions.put(
                    new LookUps.Key(Kind.IMAGE, state, by(access)),
                    new Question(interval(rebuild.onDrift(), WITH_WEBHOOK), () -> image(access, image, tags)));
        }
        return questions;
    }

    private void source(Outside.Access access, Source source, Duration interval, Map<LookUps.Key, Question> questions) {
        Source.Git git = source.git();
        String url = git == null ? null : git.url();
        if (git != null && url != null) {
            String by = git.secretRef() == null
                    ? String.valueOf(access.caBundle())
                    : access.namespace() + "/" + git.secretRef().name();
            questions.put(
                    new LookUps.Key(Kind.SOURCE, url, by),
                    new Question(interval, () -> outside.references(access, url, git.secretRef())));
        } else if (source.oci() != null && source.oci().image() != null) {
            String image = source.oci().image();
            questions.put(
                    new LookUps.Key(Kind.SOURCE, image, by(access)),
                    new Question(interval, () -> revisions(access, Reference.parse(image))));
        }
    }

    /** The same settings and the same credentials see the same registry. */
    private static String by(Outside.Access access) {
        return access.namespace() + " " + access.pullSecrets() + " "
                + Digest.sha256(
                        Json.bytes(List.of(access.mirrors(), access.plainHttp(), String.valueOf(access.caBundle()))));
    }

    static Duration interval(@Nullable String text, Duration otherwise) {
        return text == null ? otherwise : Duration.parse("PT" + text.toUpperCase(Locale.ROOT));
    }

    private SortedMap<String, String> digest(Outside.Access access, Reference name) {
        return outside.registries(access, registry -> {
            SortedMap<String, String> value = new TreeMap<>();
            registry.head(name.withTag(name.tagOrLatest()))
                    .ifPresent(found -> value.put(NAME, found.digest().toString()));
            return value;
        });
    }

    private SortedMap<String, String> revisions(Outside.Access access, Reference name) {
        return outside.registries(access, registry -> {
            Resolved resolved = registry.resolve(name);
            SortedMap<String, String> value = new TreeMap<>();
            value.put(NAME, resolved.descriptor().digest().toString());
            if (MediaTypes.isIndex(resolved.descriptor().mediaType())) {
                for (Descriptor entry : index(resolved).manifests()) {
                    value.put(entry.digest().toString(), entry.digest().toString());
                }
            }
            return value;
        });
    }

    private static Index index(Resolved resolved) {
        try {
            return Json.read(resolved.bytes(), Index.class);
        } catch (IOException e) {
            throw new IllegalStateException(resolved.pinned() + " cannot be read: " + e.getMessage(), e);
        }
    }

    /** Read past the mirrors: what was written here is looked for here. */
    private SortedMap<String, String> image(Outside.Access access, Reference image, List<String> tags) {
        return outside.registries(access, registry -> {
            SortedMap<String, String> value = new TreeMap<>();
            Registry origin = registry.origin();
            value.put(NAME, digest(origin, image));
            for (String tag : tags) {
                value.put(tag, digest(origin, new Reference(image.domain(), image.path(), tag, null)));
            }
            return value;
        });
    }

    private static String digest(Registry registry, Reference name) {
        return registry.head(name).map(found -> found.digest().toString()).orElse(GONE);
    }

    private static Looked looked(ImageBuild build, Map<LookUps.Key, Answer> answers) {
        String revision = null;
        Set<String> revisions = Set.of();
        SortedMap<String, String> bases = new TreeMap<>();
        boolean missing = false;
        List<String> stray = new ArrayList<>();
        List<String> failures = new ArrayList<>();
        for (Map.Entry<LookUps.Key, Answer> entry : answers.entrySet()) {
            SortedMap<String, String> value = entry.getValue().value();
            String failure = entry.getValue().failure();
            if (failure != null) {
                failures.add(Text.cut(failure, 500));
            }
            if (value != null) {
                switch (entry.getKey().kind()) {
                    case SOURCE -> {
                        revision = revision(build, value);
                        revisions = value.containsKey(NAME) ? Set.copyOf(value.values()) : Set.of();
                    }
                    case BASE -> {
                        if (value.containsKey(NAME)) {
                            bases.put(entry.getKey().what(), value.get(NAME));
                        }
                    }
                    case IMAGE -> {
                        missing = GONE.equals(value.get(NAME));
                        stray.addAll(stray(value));
                    }
                }
            }
        }
        return new Looked(revision, revisions, bases, missing, stray, failures);
    }

    private static List<String> stray(SortedMap<String, String> value) {
        String image = value.get(NAME);
        return value.entrySet().stream()
                .filter(tag -> !tag.getKey().equals(NAME) && !tag.getValue().equals(image))
                .map(Map.Entry::getKey)
                .toList();
    }

    private static @Nullable String revision(ImageBuild build, SortedMap<String, String> value) {
        if (value.containsKey(NAME)) {
            return value.get(NAME);
        }
        Source source = build.getSpec() == null ? null : build.getSpec().source();
        return source == null || source.git() == null
                ? null
                : Git.commit(value, source.git().revision());
    }
}
