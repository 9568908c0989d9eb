package dev.strata.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** What a step's key must tell apart and what it must not. */
class CacheKeyTest {
    private static final CacheKey PARENT = new CacheKey("0".repeat(64));
    private static final Contents NOTHING = new Contents("none", Collections.emptySortedMap());

    private static CacheKey key(String dockerfile, String... request) {
        BuildGraph graph = Requests.graph(dockerfile, request);
        return key(graph, graph.product().step(), NOTHING);
    }

    /** The key of a step with those of its parents, where every step reads these contents. */
    private static CacheKey key(BuildGraph graph, int id, Contents contents) {
        return graph.steps().get(id) instanceof Step.Layered step
                ? CacheKey.of(Ingredients.of(step, key(graph, step.parent(), contents), contents, ""))
                : Ingredients.source(graph.steps().get(id));
    }

    private static void differ(String one, String other) {
        assertThat(key(one)).as(one + " and " + other).isNotEqualTo(key(other));
    }

    private static void same(String one, String other) {
        assertThat(key(one)).as(one + " and " + other).isEqualTo(key(other));
    }

    @Test
    void theSameIsTheSameInEveryProcess() {
        assertThat(key("FROM scratch\nRUN make").hex())
                .isEqualTo("ad069d417a5c42ff029e77ea13dd14250c44e77a0ae5a610f89e077ee592dbb8");
    }

    @Test
    void theCommandItsShellItsFolderAndItsUserCount() {
        String run = "FROM debian:12\nRUN make";
        differ(run, "FROM debian:12\nRUN [\"make\"]");
        differ(run, "FROM debian:12\nSHELL [\"/bin/bash\", \"-c\"]\nRUN make");
        differ(run, "FROM debian:12\nWORKDIR /\nRUN --network=none make");
        differ(run, "FROM debian:12\nUSER app\nRUN make");
        differ(run, "FROM debian:12\nRUN --security=insecure make");
        same(run, "FROM debian:12\nLABEL a=b\nEXPOSE 80\nCMD x\nENTRYPOINT y\nSTOPSIGNAL 9\nRUN make");
        same(run, "FROM debian:12 AS other\n# a comment\nRUN \\\n make");
    }

    @Test
    void variablesThatACommandSeesCount() {
        String run = "FROM debian:12\nARG A\nENV B=1\nRUN make";
        assertThat(key(run)).isNotEqualTo(key(run, "arg A=1"));
        assertThat(key(run, "arg A=1")).isNotEqualTo(key(run, "arg A=2"));
        assertThat(key(run, "arg A=1")).isNotEqualTo(key(run, "arg A="));
        assertThat(key(run)).isEqualTo(key(run, "arg UNDECLARED=1"));
        differ(run, "FROM debian:12\nARG A\nENV B=2\nRUN make");
        differ("FROM debian:12\nENV A=1\nRUN make", "FROM debian:12\nENV A=1\nENV B=\nRUN make");
    }

    @Test
    void theOrderOfVariablesIsThatOfTheDockerfileAndNotOfTheRequest() {
        String run = "FROM debian:12\nARG A\nARG B\nRUN make";
        assertThat(key(run, "arg A=1", "arg B=2")).isEqualTo(key(run, "arg B=2", "arg A=1"));
        // A command may look at the order in which it is given its variables.
        differ("FROM debian:12\nENV A=1 B=2\nRUN make", "FROM debian:12\nENV B=2 A=1\nRUN make");
    }

    @Test
    void variablesThatNobodySeesDoNotCount() {
        String copy = "FROM debian:12\nARG A\nCOPY x /";
        assertThat(key(copy, "arg A=1")).isEqualTo(key(copy, "arg A=2"));
        String later = "FROM debian:12\nRUN make\nARG A";
        assertThat(key(later, "arg A=1")).isEqualTo(key(later, "arg A=2"));
        String proxied = "FROM debian:12\nRUN make";
        assertThat(key(proxied, "arg HTTP_PROXY=http://one.example"))
                .isEqualTo(key(proxied, "arg https_proxy=http://two.example"));
    }

    @Test
    void whereACopyGoesAndHowCounts() {
        String copy = "FROM debian:12\nCOPY a /b";
        differ(copy, "FROM debian:12\nADD a /b");
        differ(copy, "FROM debian:12\nCOPY a /b/");
        differ(copy, "FROM debian:12\nCOPY a /c");
        differ(copy, "FROM debian:12\nCOPY c /b");
        differ(copy, "FROM debian:12\nCOPY --chown=1 a /b");
        differ(copy, "FROM debian:12\nCOPY --chmod=600 a /b");
        differ(copy, "FROM debian:12\nCOPY --link a /b");
        differ(copy, "FROM debian:12\nCOPY --parents a /b");
        differ(copy, "FROM debian:12\nCOPY --exclude=x a /b");
        differ("FROM debian:12\nADD a /b", "FROM debian:12\nADD --unpack=true a /b");
        differ("FROM debian:12\nADD --unpack=false a /b", "FROM debian:12\nADD --unpack=true a /b");
        differ("FROM debian:12\nCOPY <<x /b\n1\nx", "FROM debian:12\nCOPY <<x /b\n2\nx");
        same("FROM debian:12\nWORKDIR /b\nCOPY a c", "FROM debian:12\nWORKDIR /b\nCOPY a ./c");
    }

    @Test
    void noTwoListsRunTogether() {
        differ("FROM debian:12\nCOPY [\"a b\", \"c\", \"/d/\"]", "FROM debian:12\nCOPY [\"a\", \"b c\", \"/d/\"]");
        differ("FROM debian:12\nRUN [\"a b\", \"c\"]", "FROM debian:12\nRUN [\"a\", \"b c\"]");
        differ("FROM debian:12\nRUN [\"a\", \"\"]", "FROM debian:12\nRUN [\"a\"]");
        differ("FROM debian:12\nENV A=\"1 B=2\"\nRUN x", "FROM debian:12\nENV A=1 B=2\nRUN x");
        differ(
                "FROM debian:12\nRUN --mount=type=cache,id=\"a b\",target=/c x",
                "FROM debian:12\nRUN --mount=type=cache,id=a,target=\"/b /c\" x");
        differ(
                "FROM debian:12\nADD [\"https://a.example/x null\", \"/\"]",
                "FROM debian:12\nADD [\"https://a.example/x\", \"/\"]");
        SequencedMap<String, String> one = new LinkedHashMap<>();
        one.put("ab", "c");
        SequencedMap<String, String> other = new LinkedHashMap<>();
        other.put("a", "bc");
        assertThat(CacheKey.of(one)).isNotEqualTo(CacheKey.of(other));
    }

    @Test
    void mountsCountBySort() {
        String run = "FROM debian:12\nRUN make";
        List<String> mounts = List.of(
                "type=cache,target=/c",
                "type=cache,target=/c,id=x",
                "type=cache,target=/c,sharing=locked",
                "type=cache,target=/c,uid=7",
                "type=cache,target=/c,ro",
                "type=tmpfs,target=/c",
                "type=tmpfs,target=/c,size=1m",
                "type=secret,id=a",
                "type=secret,id=a,env=A",
                "type=secret,id=a,mode=0444",
                "type=secret,id=b",
                "type=ssh",
                "type=bind,target=/c",
                "type=bind,target=/c,rw",
                "type=bind,target=/c,source=sub");
        List<CacheKey> keys = mounts.stream()
                .map(mount -> key("FROM debian:12\nRUN --mount=" + mount + " make"))
                .toList();
        assertThat(keys).doesNotHaveDuplicates().doesNotContain(key(run));
    }

    @Test
    void whatIsReadCountsByItsContent() {
        BuildGraph graph = Requests.graph("FROM debian:12\nCOPY a /");
        TreeMap<String, String> files = new TreeMap<>();
        files.put("a", "1");
        CacheKey one = key(graph, graph.product().step(), new Contents("1", files));
        assertThat(key(graph, graph.product().step(), new Contents("2", files))).isNotEqualTo(one);
        assertThat(key(graph, graph.product().step(), NOTHING)).isNotEqualTo(one);
    }

    @Test
    void aBaseCountsByItsPlatformAndLayersAndNotByItsName() {
        TestBases bases = new TestBases();
        BuildGraph before = Requests.graph(bases, "FROM debian:12\nRUN x");
        bases.move("debian:12");
        BuildGraph after = Requests.graph(bases, "FROM debian:12\nRUN x");
        assertThat(key(before, 1, NOTHING)).isNotEqualTo(key(after, 1, NOTHING));
        assertThat(key("FROM debian:12\nRUN x", "platform linux/arm64")).isNotEqualTo(key("FROM debian:12\nRUN x"));
        Step.Base base = (Step.Base) before.steps().getFirst();
        Step.Base renamed = new Step.Base(
                0, base.label(), dev.strata.image.Reference.parse("registry.example/mirror"), base.image());
        assertThat(Ingredients.source(renamed)).isEqualTo(Ingredients.source(base));
    }

    @Test
    void whatALinkedCopyStandsOnDoesNotCount() {
        same("FROM debian:12\nCOPY --link a /b", "FROM alpine\nRUN x\nCOPY --link a /b");
        differ("FROM debian:12\nCOPY a /b", "FROM alpine\nCOPY a /b");
    }

    @Test
    void aLinkedCopyWithItsOwnerByNumberStandsOnNothing() {
        same("FROM debian:12\nCOPY --link --chown=7:8 a /b", "FROM alpine\nCOPY --link --chown=7:8 a /b");
    }

    @Test
    void aModeMakesALinkedCopyAnOrdinaryOne() {
        differ("FROM debian:12\nCOPY --link --chmod=755 a /b", "FROM alpine\nCOPY --link --chmod=755 a /b");
        same("FROM debian:12\nCOPY --link --chmod=755 a /b", "FROM debian:12\nCOPY --chmod=755 a /b");
    }

    @Test
    void aKeyIsSixtyFourDigits() {
        assertThat(PARENT).hasToString("0".repeat(64));
        assertThatThrownBy(() -> new CacheKey("ABC")).hasMessageContaining("64 hexadecimal digits");
    }
}
