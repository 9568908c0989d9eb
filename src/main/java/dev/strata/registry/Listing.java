package dev.strata.registry;

import com.fasterxml.jackson.databind.JsonNode;
import dev.strata.image.Descriptor;
import dev.strata.image.Digest;
import dev.strata.image.Index;
import dev.strata.image.Json;
import dev.strata.image.MediaTypes;
import dev.strata.image.Reference;
import dev.strata.registry.RegistryException.Kind;
import java.io.IOException;
import java.net.URI;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What a repository holds: its tags, and what refers to one of its manifests. */
final class Listing {
    private static final int MOST_PAGES = 1_000;
    private static final int MOST_PAGE_BYTES = 8 << 20;

    /** Source: RFC 8288; only the relation that registries use. */
    private static final Pattern NEXT = Pattern.compile("<([^>]*)>\\s*;[^,]*\\brel=\"?next\"?");

    private final Calls calls;
    private final Manifests manifests;

    Listing(Calls calls, Manifests manifests) {
        this.calls = calls;
        this.manifests = manifests;
    }

    List<String> tags(Endpoint endpoint, Reference name) {
        String repository = endpoint.repository(name);
        List<String> tags = new ArrayList<>();
        Call first = new Call(
                "GET",
                endpoint,
                endpoint.uri(repository, "tags/list?n=1000"),
                Scope.pull(repository),
                "list the tags of " + name.repository());
        pages(first, page -> page.path("tags").forEach(tag -> tags.add(tag.asText())));
        return tags;
    }

    private void pages(Call first, Consumer<JsonNode> reader) {
        Call next = first;
        for (int page = 1; page <= MOST_PAGES; page++) {
            try (Answer answer = calls.document(next, MOST_PAGE_BYTES, "page of a list")) {
                reader.accept(json(answer));
                Optional<URI> following = following(answer);
                if (following.isEmpty()) {
                    return;
                }
                next = new Call("GET", first.endpoint(), following.get(), first.scope(), first.aim());
            }
        }
        throw new RegistryException(
                Kind.TOO_LARGE,
                new RegistryException.Called("GET", first.uri()),
                null,
                "cannot " + first.aim() + ": it has more than " + MOST_PAGES + " pages",
                null,
                null);
    }

    private static JsonNode json(Answer answer) {
        try {
            JsonNode json = Json.MAPPER.readTree(answer.bytes(MOST_PAGE_BYTES, "page of a list"));
            return json == null ? com.fasterxml.jackson.databind.node.MissingNode.getInstance() : json;
        } catch (IOException e) {
            throw answer.odd("a list is no JSON: " + e.getMessage());
        }
    }

    private static Optional<URI> following(Answer answer) {
        for (String link : answer.headers().allValues("Link")) {
            Matcher next = NEXT.matcher(link);
            if (next.find()) {
                try {
                    return Optional.of(answer.uri().resolve(next.group(1)));
                } catch (IllegalArgumentException e) {
                    throw answer.odd("the address of a list's next page is no address");
                }
            }
        }
        return Optional.empty();
    }

    List<Descriptor> referrers(Endpoint endpoint, Reference name, Digest subject, @Nullable String artifactType) {
        List<Descriptor> all = byApi(endpoint, name, subject)
                .orElseGet(() ->
                        byTag(endpoint, name, subject).map(Index::manifests).orElse(List.of()));
        return all.stream()
                .filter(found -> artifactType == null || artifactType.equals(found.artifactType()))
                .toList();
    }

    private Optional<List<Descriptor>> byApi(Endpoint endpoint, Reference name, Digest subject) {
        String repository = endpoint.repository(name);
        List<Descriptor> found = new ArrayList<>();
        Call first = new Call(
                "GET",
                endpoint,
                endpoint.uri(repository, "referrers/" + subject),
                Scope.pull(repository),
                "list what refers to " + name.repository() + "@" + subject);
        try {
            pages(first, page -> page.path("manifests").forEach(entry -> found.add(descriptor(first, entry))));
            return Optional.of(found);
        } catch (RegistryException e) {
            boolean unknown = e.kind() == Kind.NOT_FOUND || e.kind() == Kind.REFUSED;
            if (unknown) {
                return Optional.empty(); // a registry before version 1.1 of the specification
            }
            throw e;
        }
    }

    private static Descriptor descriptor(Call call, JsonNode entry) {
        try {
            return Json.MAPPER.treeToValue(entry, Descriptor.class);
        } catch (IOException | IllegalArgumentException e) {
            throw new RegistryException(
                    Kind.PROTOCOL,
                    new RegistryException.Called("GET", call.uri()),
                    null,
                    "cannot " + call.aim() + ": an entry is no descriptor: " + e.getMessage(),
                    null,
                    e);
        }
    }

    private static Reference tagFor(Reference name, Digest subject) {
        String tag = subject.algorithm() + "-" + subject.hex();
        return name.withTag(tag.substring(0, Math.min(tag.length(), 128)));
    }

    /** The index that stands in for the API on registries that lack it. Source: specification, "Referrers Tag Schema". */
    private Optional<Index> byTag(Endpoint endpoint, Reference name, Digest subject) {
        Resolved resolved;
        try {
            resolved = manifests.read(endpoint, tagFor(name, subject));
        } catch (RegistryException e) {
            if (e.kind() == Kind.NOT_FOUND) {
                return Optional.empty();
            }
            throw e;
        }
        try {
            return Optional.of(Json.read(resolved.bytes(), Index.class));
        } catch (IOException e) {
            throw new RegistryException(
                    Kind.PROTOCOL,
                    null,
                    null,
                    "the list of referrers " + tagFor(name, subject) + " is no index",
                    null,
                    e);
        }
    }

    /** Notes a new referrer in the tag, for registries that do not do it themselves. */
    void noteByTag(Endpoint endpoint, Reference name, Digest subject, Descriptor referrer) {
        List<Descriptor> all = new ArrayList<>(
                byTag(endpoint, name, subject).map(Index::manifests).orElse(List.of()));
        if (all.stream().anyMatch(known -> known.digest().equals(referrer.digest()))) {
            return;
        }
        all.add(referrer);
        byte[] index = Json.bytes(Index.of(all, Collections.emptySortedMap()));
        manifests.write(endpoint, tagFor(name, subject), MediaTypes.INDEX, index);
    }
}
