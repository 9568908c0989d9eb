package dev.strata.registry;

import dev.strata.image.Blobs;
import dev.strata.image.Descriptor;
import dev.strata.image.Digest;
import dev.strata.image.Image;
import dev.strata.image.ImageConfig;
import dev.strata.image.Layer;
import dev.strata.image.Manifest;
import dev.strata.image.MediaTypes;
import dev.strata.image.OciDocument;
import dev.strata.image.Platform;
import dev.strata.image.Reference;
import dev.strata.registry.RegistryException.Kind;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedCollection;
import java.util.SequencedMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * All registries, as one place. Reading goes by the mirrors, writing to the registry itself. Every method may be called
 * from any number of threads; each blocks its thread, so virtual ones are best. Whatever goes wrong at the other end is
 * a {@link RegistryException}; an {@link IOException} is trouble with this machine's own disk.
 */
public final class Registry implements AutoCloseable {
    private static final int MOST_NESTED = 4;

    private final Endpoints endpoints;
    private final boolean byMirrors;
    private final Connections connections;
    private final Calls calls;
    private final KnownBlobs known;
    private final Manifests manifests;
    private final Listing listing;
    private final BlobDownload downloads;
    private final BlobUpload uploads;
    private final Reading reading;
    private final Map<Digest, Object> pulls;
    private final Map<String, Object> pushes;

    /** Reads the docker configs at once; a {@link RegistryException} says which cannot be read. */
    public Registry(RegistryOptions options) {
        this(options, Retry.usual(), System.getenv(), CredentialProgram::runProcess);
    }

    Registry(
            RegistryOptions options,
            Retry retry,
            Map<String, String> environment,
            CredentialProgram.Runner credentialPrograms) {
        this.endpoints = new Endpoints(options);
        this.byMirrors = true;
        this.known = new KnownBlobs();
        this.pulls = new ConcurrentHashMap<>();
        this.pushes = new ConcurrentHashMap<>();
        Credentials credentials = new Credentials(options.dockerConfigs(), credentialPrograms);
        this.connections = new Connections(
                new Trust(options.caBundle(), options.certificates()), new Proxies(environment), options.patience());
        Authorization authorization = new Authorization(connections, retry, credentials, endpoints);
        this.calls = new Calls(connections, authorization, endpoints, credentials, retry, options.requestsPerHost());
        this.manifests = new Manifests(calls);
        this.listing = new Listing(calls, manifests);
        this.downloads = new BlobDownload(calls);
        this.uploads = new BlobUpload(calls, known);
        this.reading = new Reading(retry.clock());
    }

    /** Has Java load what the first request needs; sends nothing. */
    public void warmUp() {
        connections.warmUp();
    }

    private Registry(Registry other, boolean byMirrors) {
        this.endpoints = other.endpoints;
        this.byMirrors = byMirrors;
        this.connections = other.connections;
        this.calls = other.calls;
        this.known = other.known;
        this.manifests = other.manifests;
        this.listing = other.listing;
        this.downloads = other.downloads;
        this.uploads = other.uploads;
        this.reading = other.reading;
        this.pulls = other.pulls;
        this.pushes = other.pushes;
    }

    /** The same registries, read past the mirrors: for what was written here, such as a cache. */
    public Registry origin() {
        return new Registry(this, false);
    }

    private List<Endpoint> places(Reference name) {
        return byMirrors ? endpoints.reading(name.domain()) : List.of(endpoints.origin(name.domain()));
    }

    /** What a name denotes now: a manifest or an index. */
    public Resolved resolve(Reference name) {
        return reading.first(places(name), endpoint -> {
            Resolved resolved = manifests.read(endpoint, name);
            remember(endpoint, name, resolved);
            return resolved;
        });
    }

    private void remember(Endpoint endpoint, Reference name, Resolved resolved) {
        if (MediaTypes.isManifest(resolved.descriptor().mediaType())) {
            Manifest manifest = read(resolved, OciDocument::manifest);
            String repository = endpoint.repository(name);
            contents(manifest).forEach(blob -> known.named(endpoint, repository, blob.digest()));
        }
    }

    /** What a name denotes now, without reading it; empty where there is nothing of that name. */
    public Optional<Descriptor> head(Reference name) {
        return reading.first(places(name), endpoint -> {
            Optional<Descriptor> found = manifests.head(endpoint, name);
            if (found.isEmpty() && endpoint.hasFallback()) {
                throw new RegistryException(
                        Kind.NOT_FOUND, null, null, endpoint.host() + " has no " + name, null, null);
            }
            return found;
        });
    }

    /** The image of a name for a platform: its manifest and configuration, but not its layers. */
    public RemoteImage image(Reference name, Platform platform) {
        Resolved top = resolve(name);
        Resolved own = forPlatform(name, top, platform, 0);
        Manifest manifest = read(own, OciDocument::manifest);
        if (manifest.config() == null) {
            throw unsupported(name + " has no configuration, so it is no image");
        }
        String configType = manifest.config().mediaType();
        if (!configType.equals(MediaTypes.CONFIG) && !configType.equals(MediaTypes.DOCKER_CONFIG)) {
            throw unsupported(name + " is no image but an artifact of type "
                    + (manifest.artifactType() == null ? configType : manifest.artifactType()));
        }
        byte[] bytes = read(name, manifest.config());
        ImageConfig config = config(name, bytes);
        return new RemoteImage(
                top.pinned(), own.descriptor(), manifest, config, image(name, config, manifest.layers()), bytes);
    }

    private static ImageConfig config(Reference name, byte[] bytes) {
        try {
            return OciDocument.config(bytes);
        } catch (IOException e) {
            throw new RegistryException(
                    Kind.UNSUPPORTED,
                    null,
                    null,
                    "the configuration of " + name + " cannot be read: " + e.getMessage(),
                    null,
                    e);
        }
    }

    private static Image image(Reference name, ImageConfig config, List<Descriptor> blobs) {
        List<Digest> diffIds = config.rootfs().diffIds();
        if (diffIds.size() != blobs.size()) {
            throw unsupported(name + " has " + blobs.size() + " layers, but its configuration names " + diffIds.size()
                    + ": it is damaged");
        }
        List<Layer> layers = new ArrayList<>();
        for (int i = 0; i < blobs.size(); i++) {
            layers.add(new Layer(blobs.get(i), diffIds.get(i)));
        }
        return new Image(config, layers);
    }

    private Resolved forPlatform(Reference name, Resolved document, Platform platform, int depth) {
        if (!MediaTypes.isIndex(document.descriptor().mediaType())) {
            return document;
        }
        if (depth >= MOST_NESTED) {
            throw unsupported(name + " is an index of indexes, deeper than " + MOST_NESTED);
        }
        List<Descriptor> entries = read(document, OciDocument::index).manifests();
        Descriptor chosen = PlatformChoice.choose(entries, platform)
                .or(() -> entries.stream()
                        .filter(entry -> entry.platform() == null && entry.artifactType() == null)
                        .findFirst())
                .orElseThrow(() -> noPlatform(name, platform, entries));
        return forPlatform(name, resolve(name.withDigest(chosen.digest())), platform, depth + 1);
    }

    private static RegistryException noPlatform(Reference name, Platform platform, List<Descriptor> entries) {
        String offered = entries.stream()
                .map(Descriptor::platform)
                .filter(found -> found != null && !found.os().equals("unknown"))
                .map(Platform::toString)
                .distinct()
                .collect(Collectors.joining(", "));
        return new RegistryException(
                Kind.NO_PLATFORM,
                null,
                null,
                name + " is not there for " + platform,
                offered.isEmpty() ? "It names no platform at all" : "It is there for " + offered,
                null);
    }

    private static RegistryException unsupported(String what) {
        return new RegistryException(Kind.UNSUPPORTED, null, null, what, null, null);
    }

    private static <T> T read(Resolved document, OciDocument.Form<T> form) {
        try {
            return form.read(document.bytes());
        } catch (IOException e) {
            throw new RegistryException(
                    Kind.UNSUPPORTED, null, null, document.pinned() + " cannot be read: " + e.getMessage(), null, e);
        }
    }

    /**
     * Whether the repository itself, not a mirror, is known to hold a manifest or an index. Some registries refuse the
     * question for a repository that does not exist yet; that is no answer to be stopped by.
     */
    public boolean has(Reference name) {
        try {
            return manifests.head(endpoints.origin(name.domain()), name).isPresent();
        } catch (RegistryException e) {
            if (e.outside()) {
                throw e;
            }
            return false;
        }
    }

    /** Whether the repository itself, not a mirror, holds a blob. */
    public boolean hasBlob(Reference repository, Digest digest) {
        Endpoint endpoint = endpoints.origin(repository.domain());
        return uploads.exists(endpoint, endpoint.repository(repository), digest);
    }

    /** A small document (at most 8 MiB), whole. */
    public byte[] read(Reference repository, Descriptor blob) {
        return reading.first(places(repository), endpoint -> {
            String path = endpoint.repository(repository);
            byte[] bytes = downloads.read(endpoint, path, blob);
            known.add(endpoint, path, blob.digest());
            return bytes;
        });
    }

    /**
     * Brings a blob into the store, unless it is there.
     *
     * @throws IOException when the store cannot be written
     */
    public void pull(Reference repository, Descriptor blob, Blobs blobs) throws IOException {
        synchronized (pulls.computeIfAbsent(blob.digest(), digest -> new Object())) {
            if (blobs.find(blob.digest()).isPresent()) {
                return;
            }
            reading.firstOnDisk(places(repository), endpoint -> {
                String path = endpoint.repository(repository);
                fetch(endpoint, path, blob, blobs);
                return path;
            });
        }
    }

    private void fetch(Endpoint endpoint, String repository, Descriptor blob, Blobs blobs) throws IOException {
        try {
            downloads.fetch(endpoint, repository, blob, blobs);
            known.add(endpoint, repository, blob.digest());
        } catch (RegistryException e) {
            if (e.kind() == Kind.NOT_FOUND || e.kind() == Kind.CORRUPT) {
                known.remove(endpoint, repository, blob.digest()); // a manifest named it, but it is not there
            }
            throw e;
        }
    }

    /**
     * Brings several blobs into the store at once; the first that cannot be had stops the others.
     *
     * @throws IOException when the store cannot be written
     */
    public void pullAll(Reference repository, Collection<Descriptor> all, Blobs blobs) throws IOException {
        Together.run(all, blob -> {
            pull(repository, blob, blobs);
            return blob;
        });
    }

    /**
     * Brings a blob of the store into a repository, unless it is there: by a mount where another repository of the same
     * registry was seen to hold it.
     *
     * @throws IOException when the store cannot be read
     */
    public Pushed push(Reference repository, Descriptor blob, Blobs blobs) throws IOException {
        Endpoint endpoint = endpoints.origin(repository.domain());
        String path = endpoint.repository(repository);
        // Not twice at once: a registry may answer a manifest between with an error, while it writes down again where
        // the blob is.
        String place = endpoint.origin() + "/" + path + "@" + blob.digest();
        synchronized (pushes.computeIfAbsent(place, any -> new Object())) {
            return uploads.push(endpoint, path, blob, blobs);
        }
    }

    /**
     * Pushes several blobs at once; the first that cannot be pushed stops the others.
     *
     * @return how each came there, in the order of {@code all}
     * @throws IOException when the store cannot be read
     */
    public List<Pushed> pushAll(Reference repository, SequencedCollection<Descriptor> all, Blobs blobs)
            throws IOException {
        return Together.run(all, blob -> push(repository, blob, blobs));
    }

    /**
     * Begins to send a blob that is still being made.
     *
     * @param file where it is written; the caller's to close
     */
    public Upload begin(Reference repository, GrowingFile file) {
        Endpoint endpoint = endpoints.origin(repository.domain());
        return new Upload(uploads, calls, endpoint, endpoint.repository(repository), file);
    }

    /**
     * Pushes a manifest or an index under its tag, or under its digest where the name has one. Everything that it
     * names must be in the repository. A subject is noted in the referrers' tag where the registry does not do it.
     */
    public Descriptor pushManifest(Reference name, String mediaType, byte[] bytes) {
        Endpoint endpoint = endpoints.origin(name.domain());
        Descriptor descriptor = new Descriptor(mediaType, Digest.sha256(bytes), bytes.length);
        boolean noted = manifests.write(endpoint, name, mediaType, bytes);
        if (!noted && MediaTypes.isManifest(mediaType)) {
            Manifest manifest = read(new Resolved(name, descriptor, bytes), OciDocument::manifest);
            if (manifest.subject() != null) {
                Descriptor referrer = new Descriptor(
                        mediaType,
                        descriptor.digest(),
                        descriptor.size(),
                        null,
                        manifest.artifactType() == null ? manifest.config().mediaType() : manifest.artifactType(),
                        manifest.annotations());
                listing.noteByTag(endpoint, name, manifest.subject().digest(), referrer);
            }
        }
        return descriptor;
    }

    /**
     * Brings an image with its manifest, configuration and layers into the store; an index with all that it names.
     *
     * @param platform only the image for this one; null is everything under the name
     * @return the manifest or index, which is in the store, too
     * @throws IOException when the store cannot be written
     */
    public Descriptor pullImage(Reference name, @Nullable Platform platform, Blobs blobs) throws IOException {
        Resolved top = resolve(name);
        Resolved wanted = platform == null ? top : forPlatform(name, top, platform, 0);
        pullDocument(name, wanted, blobs, 0);
        return wanted.descriptor();
    }

    private void pullDocument(Reference name, Resolved document, Blobs blobs, int depth) throws IOException {
        if (MediaTypes.isManifest(document.descriptor().mediaType())) {
            pullAll(name, contents(read(document, OciDocument::manifest)), blobs);
        } else if (depth >= MOST_NESTED) {
            throw unsupported(name + " is an index of indexes, deeper than " + MOST_NESTED);
        } else {
            for (Descriptor entry : read(document, OciDocument::index).manifests()) {
                pullDocument(name, resolve(name.withDigest(entry.digest())), blobs, depth + 1);
            }
        }
        blobs.put(document.descriptor().mediaType(), document.bytes());
    }

    private static List<Descriptor> contents(Manifest manifest) {
        return Stream.concat(manifest.layers().stream(), Stream.ofNullable(manifest.config()))
                .distinct()
                .toList();
    }

    /**
     * Pushes an image of the store: what its manifest names, then the manifest under the name; an index with all that
     * it names.
     *
     * @return how each blob came there, in the order of the manifests
     * @throws IOException when the store cannot be read
     */
    public SequencedMap<Descriptor, Pushed> pushImage(Reference name, Descriptor image, Blobs blobs)
            throws IOException {
        SequencedMap<Descriptor, Pushed> pushed = new LinkedHashMap<>();
        pushDocument(name, image, blobs, pushed, 0);
        return Collections.unmodifiableSequencedMap(pushed);
    }

    private void pushDocument(
            Reference name, Descriptor image, Blobs blobs, SequencedMap<Descriptor, Pushed> pushed, int depth)
            throws IOException {
        byte[] bytes;
        try (InputStream in = blobs.open(image.digest())) {
            bytes = in.readNBytes(Manifests.MOST_BYTES + 1);
        }
        Resolved document = new Resolved(name, image, bytes);
        if (MediaTypes.isManifest(image.mediaType())) {
            List<Descriptor> contents = contents(read(document, OciDocument::manifest));
            List<Pushed> ways = pushAll(name, contents, blobs);
            for (int i = 0; i < contents.size(); i++) {
                pushed.putIfAbsent(contents.get(i), ways.get(i));
            }
        } else if (!MediaTypes.isIndex(image.mediaType()) || depth >= MOST_NESTED) {
            throw unsupported(image.digest() + " of type " + image.mediaType() + " is no image that can be pushed");
        } else {
            for (Descriptor entry : read(document, OciDocument::index).manifests()) {
                pushDocument(name.withDigest(entry.digest()), entry, blobs, pushed, depth + 1);
            }
        }
        pushManifest(name, image.mediaType(), bytes);
    }

    /** All tags of a repository, in the registry's order. */
    public List<String> tags(Reference repository) {
        return reading.first(places(repository), endpoint -> listing.tags(endpoint, repository));
    }

    /** Deletes a digest with all its tags, or a tag alone; false where there was nothing of that name. */
    public boolean delete(Reference name) {
        return manifests.delete(endpoints.origin(name.domain()), name);
    }

    /**
     * What refers to a manifest: signatures, attestations.
     *
     * @param artifactType only of this type; null for all
     */
    public List<Descriptor> referrers(Reference repository, Digest subject, @Nullable String artifactType) {
        return reading.first(
                places(repository), endpoint -> listing.referrers(endpoint, repository, subject, artifactType));
    }

    @Override
    public void close() {
        connections.close();
    }
}
