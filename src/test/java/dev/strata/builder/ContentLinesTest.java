package dev.strata.builder;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.Patience;
import dev.strata.image.Digest;
import dev.strata.layer.Node;
import dev.strata.layer.Tree;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.NoSuchFileException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(300)
class ContentLinesTest {
    private static final int MANY = 2_000;

    private final List<String> told = new ArrayList<>();

    /** Files whose content is their name, unless a test says otherwise. */
    private static class Named implements Tree {
        @Override
        public @Nullable Node find(String path) {
            return null;
        }

        @Override
        public SortedMap<String, Node> children(String path) {
            return Collections.emptySortedMap();
        }

        @Override
        public InputStream open(String path) throws IOException {
            return new ByteArrayInputStream(path.getBytes(StandardCharsets.UTF_8));
        }
    }

    private ContentLines lines() {
        return new ContentLines(line -> told.add(line.text()));
    }

    private static void add(ContentLines lines, Tree tree, String path) throws IOException {
        lines.add(new ContentLines.Unread(path, tree, path, path.length(), " 644"));
    }

    private static String line(String path, String content) {
        return path + "\0file "
                + Digest.sha256(content.getBytes(StandardCharsets.UTF_8)).hex() + " 644";
    }

    @Test
    void linesAreToldInTheirOrderThoughManyReadTheFiles() throws IOException {
        List<String> expected = new ArrayList<>();
        try (ContentLines lines = lines()) {
            for (int i = 0; i < MANY; i++) {
                add(lines, new Named(), "f" + i);
                lines.add(new ContentLines.Said("end " + i, "", ""));
                expected.add(line("f" + i, "f" + i));
                expected.add("end " + i);
            }
            lines.end();
        }
        assertThat(told).isEqualTo(expected);
    }

    @Test
    void aFileThatHasMoreThanItHadIsReadToItsEnd() throws IOException {
        String more = "more".repeat(100_000);
        Tree grown = new Named() {
            @Override
            public InputStream open(String path) {
                return new ByteArrayInputStream(more.getBytes(StandardCharsets.UTF_8));
            }
        };
        try (ContentLines lines = lines()) {
            add(lines, grown, "a");
            lines.end();
        }
        assertThat(told).containsExactly(line("a", more));
    }

    @Test
    void theFirstFileThatCannotBeReadIsTheFailure() {
        Tree broken = new Named() {
            @Override
            public InputStream open(String path) throws IOException {
                if (path.equals("f500") || path.equals("f1200")) {
                    throw new NoSuchFileException(path);
                }
                return super.open(path);
            }
        };
        assertThatThrownBy(() -> {
                    try (ContentLines lines = lines()) {
                        for (int i = 0; i < MANY; i++) {
                            add(lines, broken, "f" + i);
                        }
                        lines.end();
                    }
                })
                .isInstanceOf(NoSuchFileException.class)
                .hasMessage("f500");
    }

    @Test
    void whoIsInterruptedLeavesNobodyReading() throws Exception {
        CountDownLatch reading = new CountDownLatch(1);
        CountDownLatch ended = new CountDownLatch(1);
        Tree endless = new Named() {
            @Override
            public InputStream open(String path) throws IOException {
                reading.countDown();
                try {
                    new CountDownLatch(1).await();
                } catch (InterruptedException e) {
                    ended.countDown();
                }
                throw new InterruptedIOException(path);
            }
        };
        FutureTask<Long> adding = new FutureTask<>(() -> {
            try (ContentLines lines = lines()) {
                for (int i = 0; i < MANY; i++) {
                    add(lines, endless, "f" + i);
                }
                lines.end();
            } catch (InterruptedIOException e) {
                return ended.getCount();
            }
            return -1L;
        });
        Thread adder = Thread.ofPlatform().start(adding);
        reading.await();
        adder.interrupt();
        assertThat(adding.get(Patience.LONG.toSeconds(), TimeUnit.SECONDS))
                .as("readers that had not ended when the adder had")
                .isZero();
    }
}
