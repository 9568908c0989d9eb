package dev.strata.registry;

import com.fasterxml.jackson.databind.JsonNode;
import dev.strata.image.Descriptor;
import dev.strata.image.Digest;
import dev.strata.image.Json;
import dev.strata.image.MediaTypes;
import dev.strata.image.Reference;
import dev.strata.registry.RegistryException.Kind;
import java.io.IOException;
import java.net.URI;
import java.security.MessageDigest;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reading, writing and deleting of manifests and indexes at one endpoint. */
final class Manifests {
    /** As docker has it. */
    static final int MOST_BYTES = 4 << 20;

    private static final String ACCEPTED = String.join(
            ", ",
            List.of(
                    MediaTypes.INDEX,
                    MediaTypes.MANIFEST,
                    MediaTypes.DOCKER_INDEX,
                    MediaTypes.DOCKER_MANIFEST,
                    "*/*;q=0.1"));
    private static final String CONTENT_DIGEST = "Docker-Content-Digest";

    private final Calls calls;

    Manifests(Calls calls) {
        this.calls = calls;
    }

    private static Call call(String method, Endpoint endpoint, Reference name, String aim) {
        String repository = endpoint.repository(name);
        Scope scope = switch (method) {
            case "PUT" -> Scope.push(repository);
            case "DELETE" -> Scope.delete(repository);
            default -> Scope.pull(repository);
        };
        URI uri = endpoint.uri(repository, "manifests/" + tagOrDigest(name));
        return new Call(method, endpoint, uri, scope, aim + " " + name).with("Accept", ACCEPTED);
    }

    private static String tagOrDigest(Reference name) {
        return name.digest() == null ? name.tagOrLatest() : name.digest().toString();
    }

    /** The document that a name denotes, checked against the digest where the name has one. */
    Resolved read(Endpoint endpoint, Reference name) {
        String noun = "manifest of " + name;
        try (Answer answer = calls.document(call("GET", endpoint, name, "read"), MOST_BYTES, noun)) {
            byte[] bytes = answer.bytes(MOST_BYTES, noun);
            Digest digest = digest(name, answer, bytes);
            String mediaType = mediaType(name, answer, bytes);
            return new Resolved(name.withDigest(digest), new Descriptor(mediaType, digest, bytes.length), bytes);
        }
    }

    private static Digest digest(Reference name, Answer answer, byte[] bytes) {
        Digest named = name.digest();
        if (named == null) {
            // The header is not needed; where it is there it must be true, for it shows a cut or changed answer.
            named = answer.header(CONTENT_DIGEST).flatMap(Manifests::parse).orElseGet(() -> Digest.sha256(bytes));
        }
        MessageDigest hash = named.verifier();
        hash.update(bytes);
        if (!named.matches(hash)) {
            throw new RegistryException(
                    Kind.CORRUPT,
                    answer.called(),
                    answer.said(),
                    "the manifest of " + name + " came as " + bytes.length + " bytes that do not hash to " + named,
                    null,
                    null);
        }
        return named;
    }

    private static Optional<Digest> parse(String text) {
        try {
            return Optional.of(Digest.parse(text.strip()));
        } catch (IllegalArgumentException e) {
            return Optional.empty(); // an algorithm that is not known here
        }
    }

    private static String mediaType(Reference name, Answer answer, byte[] bytes) {
        JsonNode json = parse(name, answer, bytes);
        String told =
                answer.header("Content-Type").orElse("").replaceFirst(";.*", "").strip();
        String own = json.path("mediaType").asText("");
        if (json.path("schemaVersion").asInt(0) == 1
                || told.startsWith("application/vnd.docker.distribution.manifest.v1")) {
            throw unsupported(
                    answer,
                    name + " is an image of docker's schema 1, which nothing writes since 2017",
                    "Push it again with a current docker, podman or skopeo");
        }
        boolean both = json.has("manifests") && json.has("layers");
        boolean differ = isKnown(told) && isKnown(own) && !told.equals(own);
        if (both || differ) {
            // Two readers could take it for two things. Source: CVE-2021-41190.
            throw unsupported(
                    answer,
                    name + " can be read as an image and as an index at once, or its media type is not the one that"
                            + " the registry tells",
                    "Push it again");
        }
        if (isKnown(own)) {
            return own;
        }
        if (isKnown(told)) {
            return told;
        }
        if (json.has("manifests")) {
            return MediaTypes.INDEX;
        }
        if (json.has("layers") && json.has("config")) {
            return MediaTypes.MANIFEST;
        }
        throw unsupported(answer, name + " is neither an image nor an index but " + (own.isEmpty() ? told : own), null);
    }

    private static boolean isKnown(String mediaType) {
        return MediaTypes.isIndex(mediaType) || MediaTypes.isManifest(mediaType);
    }

    private static JsonNode parse(Reference name, Answer answer, byte[] bytes) {
        try {
            JsonNode json = Json.MAPPER.readTree(bytes);
            if (json != null && json.isObject()) {
                return json;
            }
        } catch (IOException e) {
            throw answer.odd("the manifest of " + name + " is no JSON: " + e.getMessage());
        }
        throw answer.odd("the manifest of " + name + " is no JSON object");
    }

    private static RegistryException unsupported(Answer answer, String what, @Nullable String mend) {
        return new RegistryException(Kind.UNSUPPORTED, answer.called(), answer.said(), what, mend, null);
    }

    /** What a name denotes, without its bytes; empty where there is nothing. */
    Optional<Descriptor> head(Endpoint endpoint, Reference name) {
        try (Answer answer = calls.expect(call("HEAD", endpoint, name, "look for"), 200, 404)) {
            if (answer.status() == 404) {
                return Optional.empty();
            }
            Optional<Digest> digest = answer.header(CONTENT_DIGEST).flatMap(Manifests::parse);
            String told = answer.header("Content-Type")
                    .orElse("")
                    .replaceFirst(";.*", "")
                    .strip();
            long length = answer.headers().firstValueAsLong("Content-Length").orElse(-1);
            if (digest.isPresent() && isKnown(told) && length >= 0) {
                return Optional.of(new Descriptor(told, digest.get(), length));
            }
        }
        return Optional.of(read(endpoint, name).descriptor()); // a registry that tells too little
    }

    /**
     * Writes a document under a name's tag, or under its digest where the name has one or has no tag.
     *
     * @return whether the registry has noted the document's subject by itself, so that referrers need no tag
     */
    boolean write(Endpoint endpoint, Reference name, String mediaType, byte[] bytes) {
        Digest digest = Digest.sha256(bytes);
        if (bytes.length > MOST_BYTES) {
            throw new IllegalArgumentException(
                    "a manifest of " + bytes.length + " bytes is longer than registries take");
        }
        if (name.digest() != null
                && name.digest().algorithm().equals("sha256")
                && !name.digest().equals(digest)) {
            throw new IllegalArgumentException("the manifest is " + digest + " and cannot be pushed as " + name);
        }
        Call put = call("PUT", endpoint, name, "push").sending(Body.of(bytes), mediaType);
        try (Answer answer = calls.expect(put, 201, 200, 202)) {
            Optional<Digest> kept = answer.header(CONTENT_DIGEST).flatMap(Manifests::parse);
            if (kept.isPresent()
                    && kept.get().algorithm().equals("sha256")
                    && !kept.get().equals(digest)) {
                throw new RegistryException(
                        Kind.CORRUPT,
                        answer.called(),
                        answer.said(),
                        "the manifest of " + name + " was pushed as " + digest + ", but the registry keeps it as "
                                + kept.get(),
                        null,
                        null);
            }
            return answer.header("OCI-Subject").isPresent();
        }
    }

    /** Deletes a digest with all its names, or a tag alone; false where there was nothing. */
    boolean delete(Endpoint endpoint, Reference name) {
        Call delete = call("DELETE", endpoint, name, "delete");
        try (Answer answer = calls.send(delete)) {
            return switch (answer.status()) {
                case 200, 202, 204 -> true;
                case 404 -> false;
                case 400, 405 ->
                    throw new RegistryException(
                            Kind.UNSUPPORTED,
                            answer.called(),
                            Refusal.said(answer),
                            "cannot delete " + name + ": " + endpoint.host()
                                    + (name.digest() == null
                                            ? " cannot delete a tag alone"
                                            : " was set up not to delete anything"),
                            name.digest() == null ? "By its digest it can be deleted with all its tags" : null,
                            null);
                default -> throw calls.refusal(delete, answer);
            };
        }
    }
}
