package dev.strata.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.Patience;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(300)
class SolverTest {
    private static final Clock CLOCK = Clock.fixed(Instant.EPOCH, ZoneOffset.UTC);
    private static final String TWO_STAGES = """
            FROM debian:12 AS build
            RUN make
            FROM debian:12
            COPY --from=build /app /
            RUN last
            """;

    private final MemoryCache cache = new MemoryCache();
    private TestWorker worker = new TestWorker();
    private final TestBases bases = new TestBases();
    private final List<String> told = Collections.synchronizedList(new ArrayList<>());

    private final class Telling implements Listener {
        @Override
        public void started(Step.Visible step) {
            told.add("started " + step.label().instruction());
        }

        @Override
        public void cached(Step.Visible step) {
            told.add("cached " + step.label().instruction());
        }

        @Override
        public void missed(Step.Visible step, String reason) {
            told.add("missed " + step.label().instruction() + ": " + reason);
        }

        @Override
        public void done(Step.Visible step, double seconds) {
            told.add("done " + step.label().instruction());
        }

        @Override
        public void failed(Step.Visible step, double seconds, Throwable failure) {
            told.add("failed " + step.label().instruction() + ": " + failure.getMessage());
        }

        @Override
        public void canceled(Step.Visible step) {
            told.add("canceled " + step.label().instruction());
        }

        @Override
        public void made(Step.Visible step, FileSystem.Made made) {
            told.add("made " + step.label().instruction());
        }
    }

    private List<FileSystem> solve(String dockerfile, String... request) throws InterruptedException {
        return solve(cache, dockerfile, request);
    }

    private List<FileSystem> solve(Cache with, String dockerfile, String... request) throws InterruptedException {
        return new Solver(with, worker, new Telling(), CLOCK, 8).solve(Requests.graph(bases, dockerfile, request));
    }

    /** The next build: what the last one said and did is forgotten, what it kept is not. */
    private void next() {
        told.clear();
        TestWorker before = worker;
        worker = new TestWorker();
        worker.files.putAll(before.files);
    }

    @Test
    void aFirstBuildRunsEveryStepOnceAndASecondNone() throws Exception {
        List<FileSystem> chain = solve(TWO_STAGES);
        assertThat(chain).hasSize(3);
        assertThat(worker.ran).containsExactly("RUN make", "COPY --from=build /app /", "RUN last");
        next();
        assertThat(solve(TWO_STAGES)).hasSize(3);
        assertThat(worker.ran).isEmpty();
        assertThat(told)
                .contains("cached RUN make", "cached COPY --from=build /app /", "cached RUN last")
                .noneMatch(line -> line.startsWith("missed"));
    }

    @Test
    void aStepIsToldInOrder() throws Exception {
        solve("FROM debian:12\nRUN make");
        assertThat(told)
                .containsExactly(
                        "started FROM debian:12",
                        "done FROM debian:12",
                        "started RUN make",
                        "missed RUN make: nothing like it was built before",
                        "done RUN make",
                        "made RUN make");
    }

    @Test
    void aStepIsToldAsDoneWhenItIsKeptAndTheNextOneDoesNotWaitForThat() throws Exception {
        CountDownLatch nextRuns = new CountDownLatch(1);
        List<String> toldBefore = Collections.synchronizedList(new ArrayList<>());
        Cache slow = new MemoryCache() {
            @Override
            public void put(CacheRecord record) {
                if (record.slot().equals("stage-0/2")) {
                    await(nextRuns);
                    toldBefore.addAll(told);
                }
                super.put(record);
            }
        };
        worker.during("RUN next", () -> {
            nextRuns.countDown();
            return null;
        });
        solve(slow, "FROM debian:12\nRUN first\nRUN next");
        assertThat(toldBefore).contains("started RUN next").doesNotContain("done RUN first");
        assertThat(told).contains("done RUN first", "done RUN next");
    }

    private static void await(CountDownLatch latch) {
        try {
            assertThat(latch.await(Patience.LONG.toSeconds(), TimeUnit.SECONDS)).isTrue();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void stagesThatDoNotNeedOneAnotherRunAtOnce() throws Exception {
        CyclicBarrier both = new CyclicBarrier(2);
        worker.during("RUN a", () -> both.await(Patience.LONG.toSeconds(), TimeUnit.SECONDS));
        worker.during("RUN b", () -> both.await(Patience.LONG.toSeconds(), TimeUnit.SECONDS));
        solve("""
                FROM debian:12 AS a
                RUN a
                FROM debian:12 AS b
                RUN b
                FROM scratch
                COPY --from=a /x /
                COPY --from=b /x /
                """);
        assertThat(worker.ran).contains("RUN a", "RUN b");
    }

    @Test
    void theWorkerHearsOfACommandWhileTheStepBelowItIsAtWork() throws Exception {
        solve("FROM debian:12\nRUN make");
        next();
        worker.during("COPY <<x /x", () -> {
            // Not by turning round: on one processor nobody else would have a thread then.
            Awaitility.await().until(() -> worker.expected.stream().anyMatch(step -> step.startsWith("RUN last on ")));
            return null;
        });
        solve("""
                FROM debian:12
                RUN make
                COPY <<x /x
                text
                x
                RUN last
                """);
        assertThat(worker.ran).containsExactly("COPY <<x /x", "RUN last");
        assertThat(worker.expected)
                .allMatch(step -> !step.contains("RUN make on "))
                .hasSize(2)
                .as("both would stand on what RUN make left, which is known")
                .extracting(step -> step.replaceFirst(".* on ", ""))
                .containsOnly(worker.expected.getFirst().replaceFirst(".* on ", ""));
        assertThat(worker.anew).as("of RUN last").containsExactly("COPY <<x /x");
    }

    @Test
    void theWorkerHearsOfACommandThatIsNewWhileWhatIsCopiedBelowItIsRead() throws Exception {
        worker.whileReading("COPY . /", () -> Awaitility.await().until(() -> !worker.expected.isEmpty()));
        solve("FROM debian:12\nCOPY . /\nRUN make\nRUN last");
        assertThat(worker.expected.getFirst())
                .as("the base, and nothing else, is certain")
                .startsWith("RUN make on source ");
        assertThat(worker.ran).containsExactly("COPY . /", "RUN make", "RUN last");
    }

    @Test
    void theWorkerHearsOfACopyThatIsNewWhileItsFilesAreRead() throws Exception {
        worker.whileReading("COPY . /", () -> Awaitility.await().until(() -> !worker.expected.isEmpty()));
        solve("FROM debian:12\nCOPY . /");
        assertThat(worker.expected.getFirst()).startsWith("COPY . / on source ");
    }

    @Test
    void theWorkerHearsLateOfACopyOntoAnImageThatACommandOfAnotherStageUnpacks() throws Exception {
        List<String> early = Collections.synchronizedList(new ArrayList<>());
        worker.whileReading("COPY --from=build /app /", () -> early.addAll(worker.expected));
        solve("FROM debian:12 AS build\nRUN make\nFROM debian:12\nCOPY --from=build /app /\n");
        assertThat(early).isNotEmpty().allSatisfy(line -> assertThat(line).startsWith("RUN make on source "));
    }

    @Test
    void theWorkerNeverHearsOfACommandThatIsKnown() throws Exception {
        solve("FROM debian:12\nCOPY . /\nRUN make");
        next();
        solve("FROM debian:12\nCOPY . /\nRUN make");
        assertThat(worker.expected).isEmpty();
    }

    @Test
    void noMoreStepsWorkAtOnceThanAreAllowed() throws Exception {
        AtomicInteger now = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        StringBuilder file = new StringBuilder();
        StringBuilder last = new StringBuilder("FROM scratch\n");
        for (int i = 0; i < 6; i++) {
            file.append("FROM debian:12 AS s")
                    .append(i)
                    .append("\nRUN ")
                    .append(i)
                    .append('\n');
            last.append("COPY --from=s").append(i).append(" /x /\n");
            worker.during("RUN " + i, () -> {
                most.accumulateAndGet(now.incrementAndGet(), Math::max);
                return now.decrementAndGet();
            });
        }
        new Solver(cache, worker, new Telling(), CLOCK, 2)
                .solve(Requests.graph(file.append(last).toString()));
        assertThat(most.get()).isBetween(1, 2);
    }

    @Test
    void theKeysOfAChainAreLookedUpAtOnce() throws Exception {
        CyclicBarrier all = new CyclicBarrier(5);
        Cache meeting = new MemoryCache() {
            @Override
            public Optional<CacheRecord> find(CacheKey key) {
                try {
                    all.await(Patience.LONG.toSeconds(), TimeUnit.SECONDS);
                } catch (Exception e) {
                    throw new IllegalStateException("the look-ups wait for one another", e);
                }
                return super.find(key);
            }
        };
        solve(meeting, "FROM debian:12\nRUN 1\nRUN 2\nCOPY a b\nRUN 3\nWORKDIR /x");
        assertThat(worker.ran).hasSize(5);
    }

    @Test
    void aCachedCopyDoesNotRunItsStage() throws Exception {
        solve(TWO_STAGES);
        next();
        solve(TWO_STAGES.replace("RUN last", "RUN other"));
        assertThat(worker.ran).containsExactly("RUN other");
        assertThat(worker.restored).doesNotContain("RUN make");
        assertThat(told).contains("cached RUN make", "cached COPY --from=build /app /");
    }

    @Test
    void aStageThatComesOutTheSameChangesNothingBelowIt() throws Exception {
        worker.makes("RUN make", "app");
        solve(TWO_STAGES);
        next();
        worker.makes("RUN make # differently", "app");
        solve(TWO_STAGES.replace("RUN make", "RUN make # differently"));
        assertThat(worker.ran).containsExactly("RUN make # differently");
        assertThat(told).contains("cached COPY --from=build /app /", "cached RUN last");
    }

    @Test
    void aStageThatComesOutOtherwiseIsCopiedAnew() throws Exception {
        solve(TWO_STAGES);
        next();
        solve(TWO_STAGES.replace("RUN make", "RUN make2"));
        assertThat(worker.ran).containsExactly("RUN make2", "COPY --from=build /app /", "RUN last");
    }

    @Test
    void aStageThatIsRunAnewThoughItsKeyIsTheSameIsAskedWhatItMade() throws Exception {
        worker.makes("RUN make", "app of yesterday");
        solve(TWO_STAGES);
        for (String request : List.of("no-cache-filter build", "no-cache")) {
            next();
            worker.makes("RUN make", "app of today, " + request);
            solve(TWO_STAGES, request);
            assertThat(worker.ran).as(request).containsExactly("RUN make", "COPY --from=build /app /", "RUN last");
        }
    }

    @Test
    void aStageWhoseRecordIsGoneIsNotTakenForWhatItWas() throws Exception {
        worker.makes("RUN make", "app of yesterday");
        solve(TWO_STAGES);
        next();
        cache.forget("build/2");
        worker.makes("RUN make", "app of today");
        solve(TWO_STAGES);
        assertThat(worker.ran).containsExactly("RUN make", "COPY --from=build /app /", "RUN last");
        assertThat(told)
                .contains("missed RUN make: the earlier result, or one that it stands on, is gone from the cache");
    }

    @Test
    void aLayerIsNotPutOnOneThatIsMadeAnew() throws Exception {
        String file = "FROM debian:12\nRUN 1\nRUN 2\nRUN 3";
        solve(file);
        next();
        cache.forget("stage-0/3");
        solve(file);
        assertThat(worker.ran).containsExactly("RUN 2", "RUN 3");
        assertThat(told).contains("cached RUN 1");
    }

    @Test
    void whatStandsOnAStageWithoutCacheIsMadeAnew() throws Exception {
        String file = "FROM debian:12 AS build\nRUN make\nFROM build AS test\nRUN test\nFROM debian:12\nRUN other\n"
                + "COPY --from=test /x /";
        solve(file);
        next();
        solve(file, "no-cache-filter build");
        assertThat(worker.ran).contains("RUN make", "RUN test").doesNotContain("RUN other");
        assertThat(told)
                .contains("missed RUN make: the cache was switched off", "missed RUN test: the cache was switched off");
    }

    @Test
    void aBuildWithoutCacheRunsAllAndLeavesItsResultsForTheNext() throws Exception {
        solve(TWO_STAGES);
        next();
        solve(TWO_STAGES, "no-cache");
        assertThat(worker.ran).hasSize(3);
        assertThat(cache.records).hasSize(3);
        next();
        solve(TWO_STAGES);
        assertThat(worker.ran).isEmpty();
    }

    @Test
    void missesAreExplainedByWhatChanged() throws Exception {
        String file = "FROM debian:12\nARG VERSION=1.1\nCOPY package.json /\nRUN build\nCOPY src /src";
        worker.files.put("package.json", "1");
        worker.files.put("src", "1");
        solve(file);
        next();
        worker.files.put("package.json", "2");
        solve(file);
        assertThat(told)
                .contains(
                        "missed COPY package.json /: package.json changed",
                        "missed RUN build: a step before it changed");
        next();
        solve(file, "arg VERSION=1.2");
        assertThat(told).contains("missed RUN build: ARG VERSION: 1.1 to 1.2");
        next();
        bases.move("debian:12");
        solve(file, "arg VERSION=1.2");
        assertThat(told)
                .contains(
                        "missed COPY package.json /: base debian:12 moved",
                        "missed RUN build: a step before it changed");
        next();
        solve(file.replace("debian:12", "debian:13"), "arg VERSION=1.2");
        assertThat(told).contains("missed COPY package.json /: base debian:12 to debian:13");
    }

    @Test
    void anArgumentThatOnlyLaterStepsSeeLeavesTheEarlierCached() throws Exception {
        String file = "FROM debian:12\nRUN early\nARG LATE\nCOPY a /\nRUN late";
        solve(file, "arg LATE=1");
        next();
        solve(file, "arg LATE=2");
        assertThat(worker.ran).containsExactly("RUN late");
    }

    @Test
    void theFirstFailureIsTheBuildsAndStopsTheOthers() throws Exception {
        CountDownLatch running = new CountDownLatch(1);
        AtomicBoolean interrupted = new AtomicBoolean();
        worker.during("RUN slow", () -> {
            running.countDown();
            try {
                return new CountDownLatch(1).await(Patience.LONG.toSeconds(), TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                interrupted.set(true);
                throw e;
            }
        });
        worker.during("RUN broken", () -> {
            running.await();
            throw new IllegalArgumentException("exit code 1");
        });
        assertThatThrownBy(() -> solve("""
                        FROM debian:12 AS a
                        RUN slow
                        FROM debian:12 AS b
                        RUN broken
                        RUN never
                        FROM scratch
                        COPY --from=a /x /
                        COPY --from=b /x /
                        """))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("exit code 1");
        assertThat(interrupted).isTrue();
        assertThat(told)
                .contains("failed RUN broken: exit code 1", "canceled RUN slow", "canceled RUN never")
                .doesNotContain("started RUN never");
        assertThat(told.stream().filter(line -> line.startsWith("failed"))).hasSize(1);
    }

    @Test
    void aLayerThatIsInTheMakingWhenAnotherStepFailsIsKept() throws Exception {
        CompletableFuture<Void> layer = new CompletableFuture<>();
        worker.layerAfter("RUN good", layer);
        worker.during("RUN broken", () -> {
            Thread.ofVirtual().start(() -> {
                Awaitility.await().until(() -> told.contains("failed RUN broken: exit code 1"));
                layer.complete(null);
            });
            throw new IllegalArgumentException("exit code 1");
        });
        String file = "FROM debian:12\nRUN good\nRUN broken";
        assertThatThrownBy(() -> solve(file)).hasMessage("exit code 1");
        assertThat(cache.records.values().stream().map(CacheRecord::slot)).containsExactly("stage-0/2");
        next();
        solve(file);
        assertThat(worker.ran).containsExactly("RUN broken");
    }

    @Test
    void aLayerThatCannotBeMadeFailsTheBuild() {
        CompletableFuture<Void> layer = new CompletableFuture<>();
        layer.completeExceptionally(new IllegalStateException("disk full"));
        worker.layerAfter("RUN big", layer);
        assertThatThrownBy(() -> solve("FROM debian:12\nRUN big"))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("disk full");
        assertThat(cache.records).isEmpty();
    }

    @Test
    void anInterruptStopsWhatRunsAndReturns() throws Exception {
        CountDownLatch running = new CountDownLatch(1);
        CompletableFuture<String> ended = new CompletableFuture<>();
        worker.during("RUN slow", () -> {
            running.countDown();
            try {
                return new CountDownLatch(1).await(Patience.LONG.toSeconds(), TimeUnit.SECONDS);
            } catch (InterruptedException e) {
                told.add("interrupted");
                throw e;
            }
        });
        Thread build = Thread.ofVirtual().start(() -> {
            try {
                solve("FROM debian:12\nRUN slow\nRUN never");
                ended.complete("built");
            } catch (InterruptedException e) {
                ended.complete("stopped");
            } catch (RuntimeException e) {
                ended.completeExceptionally(e);
            }
        });
        running.await();
        build.interrupt();
        assertThat(ended.get()).isEqualTo("stopped");
        assertThat(told).contains("interrupted", "canceled RUN slow", "canceled RUN never");
    }

    @Test
    void sourcesThatCannotBeReadFailTheBuildWithTheirOwnFailure() {
        Worker blind = new Worker() {
            @Override
            public void expect(Step.Layered step, FileSystem below, List<Step.Layered> between) {}

            @Override
            public FileSystem source(Step step) {
                return worker.source(step);
            }

            @Override
            public FileSystem restore(Step.Layered step, FileSystem parent, FileSystem.Made made) {
                return worker.restore(step, parent, made);
            }

            @Override
            public FileSystem run(Step.Layered step, java.util.Map<Integer, FileSystem> inputs, boolean first) {
                return worker.run(step, inputs, first);
            }

            @Override
            public Contents contents(Step.Layered step, java.util.Map<Integer, FileSystem> inputs) {
                if (step instanceof Step.Copy) {
                    throw new IllegalArgumentException("\"nope\" was not found");
                }
                return worker.contents(step, inputs);
            }
        };
        Solver solver = new Solver(cache, blind, new Telling(), CLOCK, 2);
        assertThatThrownBy(() -> solver.solve(Requests.graph("FROM debian:12\nCOPY nope /\nRUN after")))
                .hasMessage("\"nope\" was not found");
        assertThat(told).contains("failed COPY nope /: \"nope\" was not found", "canceled RUN after");
    }
}
