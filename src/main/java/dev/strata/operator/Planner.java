package dev.strata.operator;

import dev.strata.api.BuildClass;
import dev.strata.api.BuildClassSpec;
import dev.strata.api.BuildClassSpec.Isolation;
import dev.strata.api.ImageBuild;
import dev.strata.api.ImageBuildSpec;
import dev.strata.api.ImageBuildSpec.Argument;
import dev.strata.api.ImageBuildSpec.Concurrency;
import dev.strata.api.ImageBuildSpec.NamedContext;
import dev.strata.api.ImageBuildSpec.SecretValue;
import dev.strata.api.ImageBuildSpec.SshKey;
import dev.strata.api.ImageBuildStatus;
import dev.strata.api.ImageBuildStatus.Found;
import dev.strata.api.ImageBuildStatus.Named;
import dev.strata.api.PodSettings;
import dev.strata.api.PodTemplate;
import dev.strata.api.Source;
import dev.strata.image.Digest;
import dev.strata.image.Json;
import dev.strata.image.Platform;
import dev.strata.image.Reference;
import dev.strata.operator.Wanted.Mount;
import dev.strata.plan.Plan;
import io.fabric8.kubernetes.api.model.ConfigMap;
import io.fabric8.kubernetes.api.model.LocalObjectReference;
import io.fabric8.kubernetes.api.model.Quantity;
import io.fabric8.kubernetes.api.model.Secret;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** From what a user wrote to what a builder is told. Pure: the same objects give the same plan and the same hash. */
final class Planner {
    static final String ROOT = "/strata";
    static final String PLAN = ROOT + "/plan";
    static final String CA_BUNDLE = "ca.crt";
    /** As the class's own default says. */
    private static final long CACHE_MOUNT_BYTES = 2L << 30;

    private static final long CACHE_VOLUME_BYTES = 20L << 30;
    private static final String STEPS = ROOT + "/steps";

    /** How many objects a trigger tells of by name. */
    private static final int OBJECTS = 32;

    private final ImageBuild build;
    private final ImageBuildSpec spec;
    private final BuildClassSpec settings;
    private final ClassDefaults defaults;
    private final Gathered gathered;
    private final OperatorSettings operator;
    private final Found found;
    private final List<Mount> mounts = new ArrayList<>();

    private Planner(
            Gathered gathered, ImageBuildSpec spec, BuildClassSpec settings, Found found, OperatorSettings operator) {
        this.build = gathered.build();
        this.spec = spec;
        this.settings = settings;
        this.defaults = new ClassDefaults(spec, settings);
        this.gathered = gathered;
        this.operator = operator;
        this.found = found;
    }

    /**
     * Says what a build asks for.
     *
     * @param looked what look-ups found beside the spec
     */
    static Wanted plan(
            Gathered gathered, ImageBuildStatus status, Looked looked, OperatorSettings operator, Instant now) {
        ImageBuildSpec spec = gathered.build().getSpec();
        if (spec == null || spec.output() == null || spec.output().image() == null) {
            return new Wanted.Invalid("spec.output.image is missing; it says where the image goes");
        }
        try {
            Found found = Triggers.found(status, looked, schedule(spec), now);
            return new Planner(gathered, spec, classOf(gathered, spec), found, operator).valid();
        } catch (MissingException e) {
            return new Wanted.Missing(e.getMessage());
        } catch (InvalidException e) {
            return new Wanted.Invalid(e.getMessage());
        }
    }

    /** A class's settings; those of the class {@code default} are Strata's own where it does not exist. */
    private static BuildClassSpec classOf(Gathered gathered, ImageBuildSpec spec) {
        String name = className(spec);
        BuildClass found = gathered.buildClass();
        if (found == null && !name.equals(BuildClass.DEFAULT)) {
            throw new MissingException(
                    "there is no BuildClass \"" + name + "\"; create it or name another one in spec.className");
        }
        BuildClassSpec settings = found == null ? null : found.getSpec();
        return settings == null ? BuildClassSpec.NONE : settings;
    }

    static String className(ImageBuildSpec spec) {
        return spec.className() == null ? BuildClass.DEFAULT : spec.className();
    }

    static String serviceAccountName(ImageBuildSpec spec) {
        return spec.serviceAccountName() == null ? "default" : spec.serviceAccountName();
    }

    private Wanted.Valid valid() {
        broken().stream().reduce((one, other) -> one + "; " + other).ifPresent(broken -> {
            throw new InvalidException(broken);
        });
        ImageBuildSpec.Output output = required(spec.output(), "spec.output");
        Reference repository = repository("spec.output.image", required(output.image(), "spec.output.image"));
        refuseForeign(output.configMap());
        List<Platform> platforms = platforms();
        SequencedMap<String, @Nullable String> args = args();
        Plan plan = new Plan(
                build.namespacedName(),
                source(),
                dockerfile(),
                spec.target(),
                withProxies(args),
                platforms.getFirst(),
                secrets(),
                ssh(),
                contexts(),
                List.of(),
                "default",
                false,
                output(repository, output),
                cache(repository),
                false,
                List.of(),
                Boolean.TRUE.equals(spec.reproducible()),
                null,
                registries(),
                cacheMounts(),
                settings.run() == null || settings.run().processes() == null
                        ? null
                        : settings.run().processes().longValue(),
                limits());
        String hash =
                InputsHash.of(spec, args, platforms.getFirst(), contents(), secretDigests(), rebuild(build), found);
        return new Wanted.Valid(
                hash,
                platforms,
                repository,
                pod(plan),
                isNamedLater()
                        ? new Wanted.Names(
                                tags(spec),
                                spec.platforms().size() > 1,
                                plan.output().annotations())
                        : null,
                course(),
                Outside.Access.of(gathered),
                found,
                objects());
    }

    /** Where a builder must not give tags itself: it has one of several images, or may be late. */
    private boolean isNamedLater() {
        return spec.platforms().size() > 1 || concurrency() == Concurrency.PARALLEL;
    }

    private Concurrency concurrency() {
        return spec.concurrency() == null ? Concurrency.LATEST : spec.concurrency();
    }

    private Wanted.Course course() {
        BuildClassSpec.Concurrency most = settings.concurrency();
        BuildClassSpec.KeepPods keep = settings.keepPods();
        return new Wanted.Course(
                className(spec),
                spec.priority() != null ? spec.priority() : settings.priority() != null ? settings.priority() : 0,
                most == null ? Queue.Limits.NONE : new Queue.Limits(most.perNamespace(), most.total()),
                concurrency(),
                parsed("spec.allowMissing", spec.allowMissing()),
                settings.maximum() == null
                        ? null
                        : settings.maximum().resources().get("memory"),
                keep == null || keep.succeeded() == null
                        ? Duration.ofHours(1)
                        : ClassDefaults.duration(keep.succeeded()),
                keep == null || keep.failed() == null ? Duration.ofHours(24) : ClassDefaults.duration(keep.failed()),
                spec.holdOnFailure() == null ? Duration.ZERO : ClassDefaults.duration(spec.holdOnFailure()));
    }

    /** What the class allows to be unpacked; null where it says nothing. */
    private Plan.@Nullable Limits limits() {
        BuildClassSpec.Maximum maximum = settings.maximum();
        if (maximum == null || (maximum.unpackedSize() == null && maximum.unpackedFiles() == null)) {
            return null;
        }
        Quantity size = maximum.unpackedSize();
        Long files = maximum.unpackedFiles();
        return new Plan.Limits(
                size == null
                        ? Plan.Limits.DEFAULT.unpackedBytes()
                        : size.getNumericalAmount().longValue(),
                files == null ? Plan.Limits.DEFAULT.unpackedFiles() : files);
    }

    /** What somebody else has made is not overwritten. */
    private void refuseForeign(@Nullable String configMap) {
        ConfigMap found = configMap == null ? null : gathered.configMaps().get(configMap);
        if (found != null
                && found.getMetadata().getOwnerReferences().stream()
                        .noneMatch(owner ->
                                owner.getUid().equals(build.getMetadata().getUid()))) {
            throw new InvalidException("spec.output.configMap: the ConfigMap \"" + configMap
                    + "\" is there and does not belong to this build; name one that is not there yet");
        }
    }

    private List<String> broken() {
        return checked(
                "spec", () -> ClassRules.broken(spec, build.getMetadata().getNamespace(), className(spec), settings));
    }

    /** When the spec wants to be built whatever has changed; null where it does not say. */
    static @Nullable Schedule schedule(ImageBuildSpec spec) {
        String text = spec.rebuild() == null ? null : spec.rebuild().schedule();
        return text == null ? null : checked("spec.rebuild.schedule", () -> Schedule.parse(text));
    }

    private Wanted.Pod pod(Plan plan) {
        Isolation isolation = settings.isolation() == null ? Isolation.AUTO : settings.isolation();
        String image = settings.builderImage() == null ? operator.builderImage() : settings.builderImage();
        String pullPolicy = settings.builderImagePullPolicy() == null
                ? operator.builderImagePullPolicy()
                : settings.builderImagePullPolicy();
        PodSettings pod = defaults.pod();
        PodTemplate template = defaults.template();
        Duration timeout = checked("spec.timeout", defaults::timeout);
        String caBundle =
                settings.registries() == null ? null : settings.registries().caBundle();
        List<String> deciding = new ArrayList<>(List.of(
                isolation.word(),
                image,
                pullPolicy,
                serviceAccountName(spec),
                Json.text(pod),
                Json.text(template),
                settings.proxy() == null ? "" : Json.text(settings.proxy()),
                Json.text(settings.platforms()),
                timeout.toString(),
                Json.text(plan.registries()),
                caBundle == null ? "" : caBundle));
        if (settings.run() != null) {
            deciding.add(Json.text(settings.run()));
        }
        mounts.forEach(mount -> deciding.add(mount.volume() + " " + mount.name()));
        return new Wanted.Pod(
                plan,
                List.copyOf(mounts),
                isolation,
                image,
                pullPolicy,
                serviceAccountName(spec),
                pod,
                template,
                settings.proxy(),
                nodes(),
                timeout,
                caBundle,
                Digest.sha256(Json.bytes(deciding)).hex().substring(0, 16));
    }

    private Plan.@Nullable CacheMounts cacheMounts() {
        BuildClassSpec.CacheMounts kept =
                settings.run() == null ? null : settings.run().cacheMounts();
        if (kept == null) {
            return null;
        }
        if (kept.persistentVolumeClaim() != null) {
            String path = ROOT + "/caches";
            mounts.add(new Mount.Claim("caches", path, kept.persistentVolumeClaim()));
            return new Plan.CacheMounts.Volume(path);
        }
        Quantity most = kept.registry() == null ? null : kept.registry().maxSize();
        return new Plan.CacheMounts.Repository(
                build.getMetadata().getNamespace(),
                most == null
                        ? CACHE_MOUNT_BYTES
                        : checked("the class's run.cacheMounts.registry.maxSize", () -> bytes(most)));
    }

    private static long bytes(Quantity quantity) {
        return quantity.getNumericalAmount().longValue();
    }

    private List<Platform> platforms() {
        if (spec.platforms().isEmpty()) {
            return List.of(Platform.host());
        }
        return parsed("spec.platforms", spec.platforms());
    }

    private static List<Platform> parsed(String field, List<String> platforms) {
        return platforms.stream()
                .map(text -> checked(field, () -> Platform.parse(text)))
                .distinct()
                .toList();
    }

    /** The nodes for each platform that the class says something of. */
    private Map<Platform, Map<String, String>> nodes() {
        Map<Platform, Map<String, String>> nodes = new LinkedHashMap<>();
        for (BuildClassSpec.PlatformNodes each : settings.platforms()) {
            String platform = required(each.platform(), "the class's platforms[].platform");
            nodes.put(checked("the class's platforms[].platform", () -> Platform.parse(platform)), each.nodeSelector());
        }
        return nodes;
    }

    private Plan.Source source() {
        Source source = spec.source();
        if (source == null) {
            return new Plan.Source.Empty();
        }
        return source(
                "source",
                source.git(),
                source.http(),
                source.oci() == null ? null : source.oci().image(),
                source.configMap(),
                "spec.source");
    }

    /**
     * One place of files.
     *
     * @param volume names the volumes that it needs; their paths are below {@code /strata}
     */
    private Plan.Source source(
            String volume,
            Source.@Nullable Git git,
            Source.@Nullable Http http,
            @Nullable String image,
            Source.@Nullable ConfigMapSource configMap,
            String field) {
        boolean main = volume.equals("source");
        if (git != null) {
            String credentials = credentials(main ? "git" : volume + "-git", git.secretRef());
            return new Plan.Source.Git(
                    required(git.url(), field + ".git.url"),
                    git.revision(),
                    git.subPath(),
                    Boolean.TRUE.equals(git.submodules()),
                    credentials);
        }
        if (http != null) {
            String credentials = credentials(main ? "http" : volume + "-http", http.secretRef());
            return new Plan.Source.Http(required(http.url(), field + ".http.url"), http.sha256(), credentials);
        }
        if (image != null) {
            return new Plan.Source.Oci(checked(field, () -> Reference.parse(image)));
        }
        if (configMap != null) {
            String name = required(configMap.name(), field + ".configMap.name");
            existing(name, field + ".configMap");
            String path = ROOT + "/" + volume;
            mounts.add(new Mount.ConfigMap(volume, path, name));
            return new Plan.Source.Folder(path, true);
        }
        throw new InvalidException(field + " names no kind of source");
    }

    private @Nullable String credentials(String volume, Source.@Nullable SecretName secret) {
        if (secret == null || secret.name() == null) {
            return null;
        }
        String path = ROOT + "/" + volume;
        mounts.add(new Mount.Secret(volume, path, secret.name(), null, false));
        return path;
    }

    private Plan.DockerfileAt dockerfile() {
        ImageBuildSpec.DockerfileSpec dockerfile = spec.dockerfile();
        if (dockerfile != null && dockerfile.inline() != null) {
            return new Plan.DockerfileAt(null, dockerfile.inline());
        }
        if (spec.source() == null) {
            throw new InvalidException("without spec.source the Dockerfile must be given in spec.dockerfile.inline");
        }
        return new Plan.DockerfileAt(
                dockerfile == null || dockerfile.path() == null ? "Dockerfile" : dockerfile.path(), null);
    }

    private SequencedMap<String, @Nullable String> args() {
        SequencedMap<String, @Nullable String> args = new LinkedHashMap<>();
        for (Argument argument : spec.args()) {
            args.put(required(argument.name(), "spec.args.name"), value(argument));
        }
        return args;
    }

    /** A class's proxies reach RUN as the arguments that every Dockerfile has; a build's own come first. */
    private SequencedMap<String, @Nullable String> withProxies(SequencedMap<String, @Nullable String> args) {
        SequencedMap<String, @Nullable String> all = new LinkedHashMap<>(args);
        if (settings.proxy() != null) {
            DesiredPod.proxies(settings.proxy()).forEach((name, url) -> {
                if (args.keySet().stream().noneMatch(name::equalsIgnoreCase)) {
                    all.put(name, url);
                }
            });
        }
        return all;
    }

    private String value(Argument argument) {
        if (argument.value() != null) {
            return argument.value();
        }
        String field = "spec.args[" + argument.name() + "].valueFrom.configMapKeyRef";
        Source.Key reference = required(
                argument.valueFrom() == null ? null : argument.valueFrom().configMapKeyRef(), field);
        String name = required(reference.name(), field + ".name");
        String key = required(reference.key(), field + ".key");
        Map<String, String> data = existing(name, field).getData();
        String value = data == null ? null : data.get(key);
        if (value == null) {
            throw new MissingException(
                    "the ConfigMap \"" + name + "\", which " + field + " names, has no key \"" + key + "\"");
        }
        return value;
    }

    private SortedMap<String, Plan.SecretAt> secrets() {
        SortedMap<String, Plan.SecretAt> secrets = new TreeMap<>();
        int number = 0;
        for (SecretValue secret : spec.secrets()) {
            String id = required(secret.id(), "spec.secrets.id");
            String volume = "secret-" + number++;
            String file = mounted(volume, "/secrets/" + id, secret.secretRef(), "spec.secrets[" + id + "].secretRef");
            secrets.put(id, new Plan.SecretAt(file, null));
        }
        return secrets;
    }

    private SortedMap<String, String> ssh() {
        SortedMap<String, String> keys = new TreeMap<>();
        int number = 0;
        for (SshKey key : spec.ssh()) {
            String id = required(key.id(), "spec.ssh.id");
            String volume = "ssh-" + number++;
            keys.put(id, mounted(volume, "/ssh/" + id, key.secretRef(), "spec.ssh[" + id + "].secretRef"));
        }
        return keys;
    }

    /** The file of one key of a secret, in a folder below {@link #ROOT}. */
    private String mounted(String volume, String folder, Source.@Nullable Key reference, String field) {
        Source.Key given = required(reference, field);
        String key = required(given.key(), field + ".key");
        String path = ROOT + folder;
        mounts.add(new Mount.Secret(volume, path, required(given.name(), field + ".name"), key, false));
        return path + "/" + key;
    }

    private SortedMap<String, Plan.Source> contexts() {
        SortedMap<String, Plan.Source> contexts = new TreeMap<>();
        int number = 0;
        for (NamedContext context : spec.contexts()) {
            String name = required(context.name(), "spec.contexts.name");
            contexts.put(
                    name,
                    source(
                            "context-" + number++,
                            context.git(),
                            context.http(),
                            context.image(),
                            context.configMap(),
                            "spec.contexts[" + name + "]"));
        }
        return contexts;
    }

    /** The tags that the image shall have. */
    static List<String> tags(ImageBuildSpec spec) {
        return spec.output() == null || spec.output().tags().isEmpty()
                ? List.of("latest")
                : spec.output().tags();
    }

    private Plan.Output output(Reference repository, ImageBuildSpec.Output output) {
        return new Plan.Output(
                tags(spec).stream().map(repository::withTag).toList(),
                List.of(),
                new TreeMap<>(output.labels()),
                new TreeMap<>(output.annotations()),
                output.compression() == null ? "gzip" : output.compression(),
                output.compressionLevel(),
                isNamedLater());
    }

    private Plan.Cache cache(Reference repository) {
        ImageBuildSpec.Cache cache = spec.cache();
        if (cache != null && Boolean.FALSE.equals(cache.enabled())) {
            return Plan.Cache.NONE;
        }
        BuildClassSpec.CacheDefault own = settings.cache();
        String trusted = own == null ? null : own.trusted();
        Reference written =
                cacheRepository(repository, cache == null ? null : cache.image(), own == null ? null : own.image());
        Reference read = trusted == null ? null : repository("the class's cache.trusted", filled(trusted));
        if (read != null) {
            refuseToWrite(read, written, "spec.cache.image");
            refuseToWrite(read, repository, "spec.output.image");
        }
        return new Plan.Cache(
                written,
                read,
                maxAge(cache == null ? null : cache.maxAge(), own == null ? null : own.maxAge()),
                own == null || own.cleanUp() == null ? null : cleanUp(own.cleanUp()),
                own == null || own.volume() == null ? null : cacheVolume(own.volume(), written));
    }

    /** Builds share what they would share in the registry; those of another class are perhaps trusted less. */
    private Plan.CacheVolume cacheVolume(BuildClassSpec.CacheVolume wanted, Reference repository) {
        String field = "the class's cache.volume";
        String claim = required(wanted.persistentVolumeClaim(), field + ".persistentVolumeClaim");
        mounts.add(new Mount.Claim("steps", STEPS, claim));
        byte[] sharers = (className(spec) + "\n" + repository.repository()).getBytes(StandardCharsets.UTF_8);
        Quantity most = wanted.keepBytes();
        return new Plan.CacheVolume(
                STEPS + "/steps-" + Digest.sha256(sharers).hex().substring(0, 16),
                most == null ? CACHE_VOLUME_BYTES : checked(field + ".keepBytes", () -> bytes(most)));
    }

    /** In seconds; null is never. A build may want fresher steps than its class, not older ones. */
    private @Nullable Long maxAge(@Nullable String asked, @Nullable String most) {
        Long own = asked == null ? null : (Long) seconds("spec.cache.maxAge", asked);
        Long all = most == null ? null : (Long) seconds("the class's cache.maxAge", most);
        return own == null ? all : all == null ? own : (Long) Math.min(own, all);
    }

    /** Builds of this class are trusted less than those whose cache they read. */
    private static void refuseToWrite(Reference trusted, Reference written, String field) {
        if (trusted.repository().equals(written.repository())) {
            throw new InvalidException(field + ": builds of this class read the cache " + trusted.repository()
                    + " and never write there; name another repository");
        }
    }

    private Plan.CleanUp cleanUp(BuildClassSpec.CleanUp wanted) {
        String interval = wanted.interval() == null ? "24h" : wanted.interval();
        String age = wanted.olderThan();
        Quantity bytes = wanted.keepBytes();
        return new Plan.CleanUp(
                age == null ? null : (Long) seconds("the class's cache.cleanUp.olderThan", age),
                bytes == null
                        ? null
                        : checked(
                                "the class's cache.cleanUp.keepBytes",
                                () -> bytes.getNumericalAmount().longValue()),
                seconds("the class's cache.cleanUp.interval", interval));
    }

    private long seconds(String field, String duration) {
        return checked(field, () -> ClassDefaults.duration(duration)).toSeconds();
    }

    private Reference cacheRepository(Reference output, @Nullable String asked, @Nullable String template) {
        if (asked != null) {
            return repository("spec.cache.image", asked);
        }
        return template == null
                ? repository("spec.output.image", output.repository() + "-cache")
                : repository("the class's cache.image", filled(template));
    }

    private String filled(String template) {
        return template.replace("{namespace}", build.getMetadata().getNamespace())
                .replace("{name}", build.getMetadata().getName());
    }

    /** A pull secret need not exist: service accounts may name some that do not, and pods start all the same. */
    private Plan.Registries registries() {
        List<String> configs = new ArrayList<>();
        if (gathered.serviceAccount() == null) {
            throw new MissingException("there is no service account \"" + serviceAccountName(spec)
                    + "\" in the namespace; create it or name another one in spec.serviceAccountName");
        }
        for (LocalObjectReference secret : gathered.serviceAccount().getImagePullSecrets()) {
            int number = configs.size();
            String path = ROOT + "/registry/" + number;
            mounts.add(new Mount.Secret("registry-" + number, path, secret.getName(), null, true));
            configs.add(path);
        }
        BuildClassSpec.Registries registries = settings.registries();
        return new Plan.Registries(
                new TreeMap<>(registries == null ? Map.of() : registries.mirrors()),
                registries == null ? List.of() : registries.plainHttp(),
                configs,
                registries == null || registries.caBundle() == null ? null : PLAN + "/" + CA_BUNDLE);
    }

    /**
     * The token that asks for a rebuild. Taking the annotation away asks for nothing, so the token of the latest build
     * stays.
     */
    static @Nullable String rebuild(ImageBuild build) {
        Map<String, String> annotations = build.getMetadata().getAnnotations();
        String token = annotations == null ? null : annotations.get(ImageBuild.REBUILD);
        if (token != null) {
            return Text.cut(token, 200);
        }
        return build.getStatus() == null || build.getStatus().trigger() == null
                ? null
                : build.getStatus().trigger().rebuild();
    }

    /** The ConfigMaps whose files are part of a context. */
    private List<ConfigMap> contents() {
        return mounts.stream()
                .filter(Mount.ConfigMap.class::isInstance)
                .map(mount -> existing(mount.name(), "spec"))
                .toList();
    }

    /** The secrets that RUN may read or have an agent use, by name and key. */
    private SortedMap<String, String> secretDigests() {
        SortedMap<String, String> digests = new TreeMap<>();
        for (SecretValue secret : spec.secrets()) {
            digest(digests, secret.secretRef(), "spec.secrets[" + secret.id() + "].secretRef");
        }
        for (SshKey key : spec.ssh()) {
            digest(digests, key.secretRef(), "spec.ssh[" + key.id() + "].secretRef");
        }
        return digests;
    }

    private void digest(SortedMap<String, String> digests, Source.@Nullable Key reference, String field) {
        Source.Key given = required(reference, field);
        String name = required(given.name(), field + ".name");
        String key = required(given.key(), field + ".key");
        Secret object = gathered.secrets().get(name);
        if (object == null) {
            throw new MissingException(
                    "there is no secret \"" + name + "\" in the namespace, which " + field + " names");
        }
        digests.put(name + "/" + key, InputsHash.digest(object, key));
    }

    /** What the inputs' hash covers beside the spec, so that a change can be told by name. */
    private List<Named> objects() {
        List<Named> objects = new ArrayList<>();
        configMaps(spec)
                .forEach(name -> objects.add(
                        new Named("ConfigMap", name, shortened(InputsHash.digest(existing(name, "spec"))))));
        secretDigests().forEach((name, digest) -> objects.add(new Named("Secret", name, shortened(digest))));
        return objects.size() <= OBJECTS ? objects : objects.subList(0, OBJECTS);
    }

    private static String shortened(String digest) {
        return Digest.parse(digest).hex().substring(0, 12);
    }

    private ConfigMap existing(String name, String field) {
        ConfigMap found = gathered.configMaps().get(name);
        if (found == null) {
            throw new MissingException(
                    "there is no ConfigMap \"" + name + "\" in the namespace, which " + field + " names");
        }
        return found;
    }

    /** The names of the secrets that RUN may read or have an agent use. */
    static List<String> secrets(ImageBuildSpec spec) {
        return Stream.concat(
                        spec.secrets().stream().map(SecretValue::secretRef),
                        spec.ssh().stream().map(SshKey::secretRef))
                .map(reference -> reference == null ? null : reference.name())
                .filter(Objects::nonNull)
                .distinct()
                .toList();
    }

    /** The names of all secrets that a spec names: those that RUN may read, and what sources are fetched with. */
    static List<String> namedSecrets(ImageBuildSpec spec) {
        List<String> names = new ArrayList<>(secrets(spec));
        if (spec.source() != null) {
            credentials(names, spec.source().git(), spec.source().http());
        }
        spec.contexts().forEach(context -> credentials(names, context.git(), context.http()));
        return names.stream().distinct().toList();
    }

    private static void credentials(List<String> names, Source.@Nullable Git git, Source.@Nullable Http http) {
        Source.SecretName forGit = git == null ? null : git.secretRef();
        Source.SecretName forHttp = http == null ? null : http.secretRef();
        add(names, forGit == null ? null : forGit.name());
        add(names, forHttp == null ? null : forHttp.name());
    }

    /** The names of the ConfigMaps that a spec reads. */
    static List<String> configMaps(ImageBuildSpec spec) {
        List<String> names = new ArrayList<>();
        if (spec.source() != null && spec.source().configMap() != null) {
            add(names, spec.source().configMap().name());
        }
        for (NamedContext context : spec.contexts()) {
            add(names, context.configMap() == null ? null : context.configMap().name());
        }
        for (Argument argument : spec.args()) {
            Source.Key key =
                    argument.valueFrom() == null ? null : argument.valueFrom().configMapKeyRef();
            add(names, key == null ? null : key.name());
        }
        return names.stream().distinct().toList();
    }

    private static void add(List<String> names, @Nullable String name) {
        if (name != null) {
            names.add(name);
        }
    }

    private static Reference repository(String field, String text) {
        Reference reference = checked(field, () -> Reference.parse(text));
        if (reference.tag() != null || reference.digest() != null) {
            throw new InvalidException(field + ": \"" + text
                    + "\" must be a repository without tag and digest; tags are given in spec.output.tags");
        }
        return reference;
    }

    private static <T> T required(@Nullable T value, String field) {
        if (value == null) {
            throw new InvalidException(field + " is missing");
        }
        return value;
    }

    private static <T> T checked(String field, java.util.function.Supplier<T> parse) {
        try {
            return parse.get();
        } catch (IllegalArgumentException | java.time.DateTimeException e) {
            throw new InvalidException(field + ": " + e.getMessage());
        }
    }

    private static final class MissingException extends RuntimeException {
        MissingException(String message) {
            super(message);
        }

        @Override
        public String getMessage() {
            return String.valueOf(super.getMessage());
        }
    }

    private static final class InvalidException extends RuntimeException {
        InvalidException(String message) {
            super(message);
        }

        @Override
        public String getMessage() {
            return String.valueOf(super.getMessage());
        }
    }
}
