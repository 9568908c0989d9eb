package dev.strata.plan;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import dev.strata.image.Platform;
import dev.strata.image.Reference;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Everything a builder needs to know, strict and complete: nothing is left to ask the cluster. JSON in the pod, the
 * same record from the command line. Paths are of the builder's own file system.
 *
 * @param name what is built, for messages: {@code namespace/name} in the cluster, the folder on the command line
 * @param target the stage to build; null is the last one
 * @param args build arguments in the order given; a null value is "declared without value, leave unset"
 * @param platform one platform; several are several plans
 * @param secrets secret ids to where their bytes are
 * @param ssh ids to an agent's socket, or to a file with a private key, for which the builder has an agent of its own
 * @param contexts named contexts, from {@code --build-context}
 * @param addHosts lines for {@code /etc/hosts} of RUN, {@code name:address}
 * @param network of RUN where the instruction says nothing: {@code default}, {@code none} or {@code host}
 * @param reproducible whether times are clamped to the source date
 * @param sourceDateEpoch seconds since 1970, null where the source tells (commit time) or nothing does
 * @param cacheMounts where the folders of {@code RUN --mount=type=cache} outlive the builder; null is its state folder
 * @param processes the most that one user of a command may have at once; null is no bound
 * @param limits of what a source, an archive or a layer may unpack to; null is {@link Limits#DEFAULT}
 * @param noCache steps run although a record of them exists; empty list with {@code true} means all
 */
@JsonInclude(JsonInclude.Include.NON_EMPTY)
public record Plan(
        String name,
        Source source,
        DockerfileAt dockerfile,
        @Nullable String target,
        SequencedMap<String, @Nullable String> args,
        Platform platform,
        SortedMap<String, SecretAt> secrets,
        SortedMap<String, String> ssh,
        SortedMap<String, Source> contexts,
        List<String> addHosts,
        String network,
        boolean allowInsecure,
        Output output,
        Cache cache,
        boolean noCache,
        List<String> noCacheStages,
        boolean reproducible,
        @Nullable Long sourceDateEpoch,
        Registries registries,
        @Nullable CacheMounts cacheMounts,
        @Nullable Long processes,
        @Nullable Limits limits) {

    public Plan {
        args = args == null
                ? Collections.unmodifiableSequencedMap(new LinkedHashMap<>())
                : Collections.unmodifiableSequencedMap(new LinkedHashMap<>(args));
        secrets = sorted(secrets);
        ssh = sorted(ssh);
        contexts = sorted(contexts);
        addHosts = addHosts == null ? List.of() : List.copyOf(addHosts);
        network = network == null ? "default" : network;
        cache = cache == null ? Cache.NONE : cache;
        noCacheStages = noCacheStages == null ? List.of() : List.copyOf(noCacheStages);
        registries = registries == null ? Registries.NONE : registries;
    }

    private static <V> SortedMap<String, V> sorted(@Nullable Map<String, V> map) {
        return map == null ? Collections.emptySortedMap() : Collections.unmodifiableSortedMap(new TreeMap<>(map));
    }

    /**
     * How much may come out of one source, one archive of ADD, one layer of a base.
     *
     * @param unpackedBytes of all files together
     * @param unpackedFiles their number, folders and links among them
     */
    public record Limits(long unpackedBytes, long unpackedFiles) {
        /** Where nobody says anything: 64 GiB in a million files. */
        public static final Limits DEFAULT = new Limits(64L << 30, 1_000_000);
    }

    /** Where files come from. */
    @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
    @JsonSubTypes({
        @JsonSubTypes.Type(value = Source.Empty.class, name = "empty"),
        @JsonSubTypes.Type(value = Source.Folder.class, name = "folder"),
        @JsonSubTypes.Type(value = Source.Git.class, name = "git"),
        @JsonSubTypes.Type(value = Source.Http.class, name = "http"),
        @JsonSubTypes.Type(value = Source.Oci.class, name = "oci"),
        @JsonSubTypes.Type(value = Source.OciLayout.class, name = "oci-layout"),
        @JsonSubTypes.Type(value = Source.StageAlias.class, name = "stage")
    })
    public sealed interface Source {
        /** No files at all. */
        record Empty() implements Source {}

        /**
         * A folder of the builder's file system.
         *
         * @param mounted true where it is a Kubernetes volume, whose {@code ..data} links are not content
         */
        record Folder(String path, boolean mounted) implements Source {}

        /**
         * @param revision branch, tag or commit; null is the remote's default
         * @param subPath folder inside the repository that is the context; null is its root
         * @param credentials folder with files {@code username} and {@code password}, or {@code ssh-privatekey} and
         *     {@code known_hosts}, as Kubernetes' basic-auth and ssh-auth secrets have them; null for none
         */
        @JsonInclude(JsonInclude.Include.NON_EMPTY)
        record Git(
                String url,
                @Nullable String revision,
                @Nullable String subPath,
                boolean submodules,
                @Nullable String credentials)
                implements Source {}

        /**
         * A tar, perhaps compressed, or a single Dockerfile.
         *
         * @param sha256 64 hexadecimal digits that the bytes must hash to; null is unchecked
         */
        @JsonInclude(JsonInclude.Include.NON_EMPTY)
        record Http(
                String url,
                @Nullable String sha256,
                @Nullable String credentials) implements Source {}

        /** The files of an image or artifact in a registry. */
        record Oci(Reference image) implements Source {}

        /** An image in an OCI layout folder of the builder's file system. */
        @JsonInclude(JsonInclude.Include.NON_EMPTY)
        record OciLayout(String path, @Nullable String tagOrDigest) implements Source {}

        /** Another stage of the same Dockerfile; only for named contexts. */
        record StageAlias(String stage) implements Source {}
    }

    /**
     * Exactly one of the two.
     *
     * @param path relative to the context's root (in the cluster) or absolute (command line)
     */
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public record DockerfileAt(
            @Nullable String path, @Nullable String inline) {}

    /** Where a secret's bytes are: exactly one of a file or an environment variable of the builder. */
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public record SecretAt(@Nullable String file, @Nullable String env) {}

    /**
     * Where the image goes.
     *
     * @param names full names with tags to push to; empty where nothing is pushed
     * @param exports folders or files to write on the builder's file system
     * @param compression {@code gzip}, {@code zstd} or {@code uncompressed}
     * @param level null is the compression's default
     * @param untagged whether the image is pushed by its digest alone to the repositories of the names, because somebody
     *     else gives it the names
     */
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public record Output(
            List<Reference> names,
            List<Export> exports,
            SortedMap<String, String> labels,
            SortedMap<String, String> annotations,
            String compression,
            @Nullable Integer level,
            @JsonInclude(JsonInclude.Include.NON_DEFAULT) boolean untagged) {
        public Output(
                List<Reference> names,
                List<Export> exports,
                SortedMap<String, String> labels,
                SortedMap<String, String> annotations,
                String compression,
                @Nullable Integer level) {
            this(names, exports, labels, annotations, compression, level, false);
        }

        public Output {
            names = names == null ? List.of() : List.copyOf(names);
            exports = exports == null ? List.of() : List.copyOf(exports);
            labels = sorted(labels);
            annotations = sorted(annotations);
            compression = compression == null ? "gzip" : compression;
        }
    }

    /**
     * Where finished steps are kept for other builds, beside the builder's own state.
     *
     * @param repository is read and written; null where nothing is kept in a registry
     * @param trusted is read where the first does not know a step, and never written: the repository of builds that are
     *     trusted more than this one; null for none
     * @param maxAge seconds after which a finished step is no longer taken; null is never
     * @param cleanUp what is removed from {@code repository} after the build; null is nothing
     * @param volume is asked before the repositories, and keeps what they give and what the build makes; null for none
     */
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public record Cache(
            @Nullable Reference repository,
            @Nullable Reference trusted,
            @Nullable Long maxAge,
            @Nullable CleanUp cleanUp,
            @Nullable CacheVolume volume) {
        public static final Cache NONE = new Cache(null, null, null, null);

        public Cache(
                @Nullable Reference repository,
                @Nullable Reference trusted,
                @Nullable Long maxAge,
                @Nullable CleanUp cleanUp) {
            this(repository, trusted, maxAge, cleanUp, null);
        }

        public static Cache in(Reference repository) {
            return new Cache(repository, null, null, null);
        }
    }

    /**
     * What is removed from a cache repository.
     *
     * @param olderThan seconds since the last use; null is no limit
     * @param keepBytes as many bytes of layers stay, those of the newest records; null is no limit
     * @param interval seconds between two clean-ups of one repository
     */
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public record CleanUp(
            @Nullable Long olderThan, @Nullable Long keepBytes, long interval) {}

    /**
     * Steps and layers in a folder of the builder's file system that outlives it. Several builders may use it at once.
     *
     * @param keepBytes what stays after a build, the newest first
     */
    public record CacheVolume(String path, long keepBytes) {}

    /** @param type {@code oci} (layout folder or .tar file), {@code docker} (archive), {@code tar} or {@code local} (files) */
    public record Export(String type, String destination) {}

    /** Where the folders of {@code RUN --mount=type=cache} live on. */
    @JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "type")
    @JsonSubTypes({
        @JsonSubTypes.Type(value = CacheMounts.Volume.class, name = "volume"),
        @JsonSubTypes.Type(value = CacheMounts.Repository.class, name = "repository")
    })
    public sealed interface CacheMounts {
        /** A folder of the builder's file system that outlives it. Several builders may use it at once. */
        record Volume(String path) implements CacheMounts {}

        /**
         * The cache's repository: each folder is taken from there before its first use and brought there when the build
         * has ended, if it has changed. Of builds that end at the same time the last one's stays.
         *
         * @param trust builds of the same word share folders, others do not see them
         * @param mostBytes of the files of one folder; a larger one is not kept
         */
        record Repository(String trust, long mostBytes) implements CacheMounts {}
    }

    /**
     * How to reach registries.
     *
     * @param mirrors host to the base URL that is asked first; {@code *} stands for every host and has no fall-back
     * @param plainHttp hosts that are spoken to without TLS; loopback addresses need not be named
     * @param dockerConfigs folders or files with docker's {@code config.json}; the first that knows a host wins
     * @param caBundle PEM file with further authorities; null is the system's only
     */
    @JsonInclude(JsonInclude.Include.NON_EMPTY)
    public record Registries(
            SortedMap<String, String> mirrors,
            List<String> plainHttp,
            List<String> dockerConfigs,
            @Nullable String caBundle) {
        public static final Registries NONE = new Registries(Collections.emptySortedMap(), List.of(), List.of(), null);

        public Registries {
            mirrors = sorted(mirrors);
            plainHttp = plainHttp == null ? List.of() : List.copyOf(plainHttp);
            dockerConfigs = dockerConfigs == null ? List.of() : List.copyOf(dockerConfigs);
        }
    }
}
