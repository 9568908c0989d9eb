package dev.strata.image;

import com.fasterxml.jackson.databind.JsonNode;
import dev.strata.Corpora;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Image names by docker's rules. What is left out, and why, is told in docs/conformance.md. */
@Tag("corpora")
class ReferenceCorporaTest {

    @Test
    void everyNameIsReadByDockersRules() {
        List<JsonNode> cases = new ArrayList<>();
        Map<String, Integer> leftOut = new TreeMap<>();
        for (JsonNode one : Corpora.cases("reference")) {
            String kind = one.path("kind").asText();
            if (kind.startsWith("ggcr_") || kind.equals("sort") || kind.equals("familiar_match")) {
                leftOut.merge(kind, 1, Integer::sum);
            } else {
                cases.add(one);
            }
        }
        System.out.println("reference: left out by name " + leftOut);
        Corpora.score("reference", cases, ReferenceCorporaTest::difference);
    }

    @Test
    void namesOfOtherDialectsAreReadAsDistributionReadsThem() {
        List<JsonNode> cases = Corpora.cases("reference").stream()
                .filter(one -> one.path("kind").asText().startsWith("ggcr_"))
                .filter(one -> one.has("normalized_by_distribution_reference"))
                .toList();
        Corpora.score("reference, other dialects by docker's rules", cases, ReferenceCorporaTest::normalized);
    }

    private static @Nullable String difference(JsonNode one) {
        String kind = one.path("kind").asText();
        if (one.path("note").asText().startsWith("older rule")) {
            return normalized(one);
        }
        JsonNode expected = one.path("expected");
        boolean fails = !one.path("error").isNull()
                || expected.isNull()
                || (expected.has("valid") && !expected.path("valid").asBoolean());
        if (kind.startsWith("grammar_")) {
            return grammar(kind, one.path("input").asText(), expected);
        }
        Map<String, String> found;
        try {
            found = found(kind, one.path("input"));
        } catch (IllegalArgumentException e) {
            String message = e.getMessage();
            boolean saysWhy = message != null && message.length() > 20;
            return fails && saysWhy ? null : "refused: " + message;
        }
        if (fails) {
            return "accepted as " + found;
        }
        for (Map.Entry<String, JsonNode> entry : expected.properties()) {
            String value = found.get(entry.getKey());
            if (value != null && !value.equals(entry.getValue().asText())) {
                return entry.getKey() + " is " + value + ", not " + entry.getValue();
            }
        }
        return one.has("normalized_by_distribution_reference") ? normalized(one) : null;
    }

    private static Map<String, String> found(String kind, JsonNode input) {
        String text = input.asText();
        return switch (kind) {
            case "parse" -> {
                ReferenceText parts = ReferenceText.parse(text);
                if (parts.digest() != null) {
                    Digest.parse(parts.digest());
                }
                yield parts(parts);
            }
            case "with_name" -> {
                ReferenceText parts = ReferenceText.parse(text);
                if (parts.tag() != null || parts.digest() != null) {
                    throw new IllegalArgumentException("a bare name has no tag and no digest");
                }
                yield parts(parts);
            }
            case "parse_canonical_named" -> {
                if (!Reference.parse(text).toString().equals(text)) {
                    throw new IllegalArgumentException("the name is not written in full");
                }
                yield parts(ReferenceText.parse(text));
            }
            case "compose" -> {
                ReferenceText name = ReferenceText.parse(input.path("name").asText());
                String tag = input.path("tag").asText();
                String digest = input.path("digest").asText();
                String whole = new ReferenceText(
                                name.domain(),
                                name.path(),
                                tag.isEmpty() ? null : tag,
                                digest.isEmpty() ? null : digest)
                        .toString();
                yield Map.of("string", ReferenceText.parse(whole).toString());
            }
            case "any" ->
                Map.of(
                        "string",
                        ReferenceText.isIdentifier(text)
                                ? Digest.parse("sha256:" + text).toString()
                                : Reference.parse(text).toString());
            case "docker_ref" -> {
                Reference reference = Reference.parse(text);
                yield Map.of(
                        "string",
                        reference.digest() == null
                                ? reference.withTag(reference.tagOrLatest()).toString()
                                : reference.withDigest(reference.digest()).toString());
            }
            default -> {
                Reference reference = Reference.parse(text);
                yield Map.of(
                        "domain", reference.domain(),
                        "path", reference.path(),
                        "name", reference.repository(),
                        "familiar", reference.familiar());
            }
        };
    }

    private static Map<String, String> parts(ReferenceText parts) {
        return Map.of(
                "name", parts.name(),
                "domain", parts.domain(),
                "path", parts.path(),
                "tag", parts.tag() == null ? "" : parts.tag(),
                "digest", parts.digest() == null ? "" : parts.digest());
    }

    private static @Nullable String grammar(String kind, String input, JsonNode expected) {
        boolean matches;
        List<String> groups = List.of();
        try {
            switch (kind) {
                case "grammar_domain" -> matches = ReferenceText.isDomain(input);
                case "grammar_identifier" -> matches = ReferenceText.isIdentifier(input);
                default -> {
                    ReferenceText parts = ReferenceText.parse(input);
                    boolean bare = parts.tag() == null && parts.digest() == null;
                    matches = kind.equals("grammar_reference") || bare;
                    groups = kind.equals("grammar_reference")
                            ? List.of(
                                    parts.name(),
                                    parts.tag() == null ? "" : parts.tag(),
                                    parts.digest() == null ? "" : parts.digest())
                            : List.of(parts.domain(), parts.path());
                }
            }
        } catch (IllegalArgumentException e) {
            matches = false;
        }
        if (matches != expected.path("match").asBoolean()) {
            return "match is " + matches;
        }
        List<String> wanted = new ArrayList<>();
        expected.path("groups").forEach(group -> wanted.add(group.asText()));
        return wanted.isEmpty() || wanted.equals(groups) ? null : "groups are " + groups + ", not " + wanted;
    }

    private static @Nullable String normalized(JsonNode one) {
        JsonNode wanted = one.path("normalized_by_distribution_reference");
        Reference found;
        try {
            found = Reference.parse(one.path("input").asText());
        } catch (IllegalArgumentException e) {
            return wanted.has("error") ? null : "refused: " + e.getMessage();
        }
        if (wanted.has("error")) {
            return "accepted as " + found;
        }
        Map<String, String> parts = Map.of(
                "domain", found.domain(),
                "path", found.path(),
                "tag", found.tag() == null ? "" : found.tag(),
                "digest", found.digest() == null ? "" : found.digest().toString(),
                "string", found.toString(),
                "familiar", found.familiar());
        for (Map.Entry<String, String> part : parts.entrySet()) {
            if (!part.getValue().equals(wanted.path(part.getKey()).asText())) {
                return "normalised " + part.getKey() + " is " + part.getValue() + ", not " + wanted.path(part.getKey());
            }
        }
        return null;
    }
}
