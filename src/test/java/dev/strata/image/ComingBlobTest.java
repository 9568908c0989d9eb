package dev.strata.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(240)
class ComingBlobTest {
    private static final int HALF = 1 << 20;

    private final byte[] content = new byte[2 * HALF];
    private Descriptor blob;
    private Blobs store;

    @TempDir
    Path folder;

    @BeforeEach
    void begin() throws IOException {
        new Random(1).nextBytes(content);
        blob = new Descriptor(MediaTypes.LAYER_TAR, Digest.sha256(content), content.length);
        store = new Blobs(folder);
    }

    private void bring(byte[] bytes) throws IOException {
        try (Blobs.Ingest ingest = store.begin(blob.digest())) {
            ingest.write(bytes);
            ingest.commit(blob.digest());
        }
    }

    private byte[] damaged() {
        byte[] other = content.clone();
        other[content.length - 1]++;
        return other;
    }

    @Test
    void whatHasComeIsReadBeforeTheRestComes() throws IOException {
        CountDownLatch halfWasRead = new CountDownLatch(1);
        Blobs.Bringing bringing = () -> {
            try (Blobs.Ingest ingest = store.begin(blob.digest())) {
                ingest.write(content, 0, HALF);
                await(halfWasRead);
                ingest.write(content, HALF, HALF);
                ingest.commit(blob.digest());
            }
        };
        try (InputStream in = store.openComing(blob, bringing)) {
            assertThat(in.readNBytes(HALF)).isEqualTo(Arrays.copyOf(content, HALF));
            assertThat(store.find(blob.digest())).isEmpty();
            halfWasRead.countDown();
            assertThat(in.readAllBytes()).isEqualTo(Arrays.copyOfRange(content, HALF, 2 * HALF));
            assertThat(store.find(blob.digest()))
                    .as("at its end it is in the store")
                    .isPresent();
        }
    }

    @Test
    void whatSomebodyElseBringsIsReadAsItComes() throws IOException {
        CountDownLatch hasIt = new CountDownLatch(1);
        Blobs.Bringing waiting = () -> await(hasIt);
        try (Blobs.Ingest others = store.begin(blob.digest());
                InputStream in = store.openComing(blob, waiting)) {
            others.write(content);
            assertThat(in.readNBytes(content.length)).isEqualTo(content);
            others.commit(blob.digest());
            assertThat(in.read()).isEqualTo(-1);
            hasIt.countDown();
        }
    }

    @Test
    void whatIsThereAlreadyIsReadFromTheStore() throws IOException {
        bring(content);
        try (InputStream in = store.openComing(blob, () -> {})) {
            assertThat(in.readAllBytes()).isEqualTo(content);
        }
    }

    @Test
    void anAttemptThatBroughtNothingIsNoTrouble() throws IOException {
        Blobs.Bringing bringing = () -> {
            store.begin(blob.digest()).close();
            bring(content);
        };
        try (InputStream in = store.openComing(blob, bringing)) {
            assertThat(in.readAllBytes()).isEqualTo(content);
        }
    }

    @Test
    void theEndOfDamagedContentIsNeverReached() throws IOException {
        Blobs.Bringing bringing = () -> {
            try {
                bring(damaged());
            } catch (Blobs.WrongContent e) {
                bring(content); // as a download does
            }
        };
        try (InputStream in = store.openComing(blob, bringing)) {
            in.readNBytes(HALF);
            assertThatThrownBy(in::readAllBytes)
                    .isInstanceOf(Blobs.WrongContent.class)
                    .hasMessageContaining("damaged");
        }
    }

    @Test
    void whatKeptItFromComingIsTold() throws IOException {
        Blobs.Bringing bringing = () -> {
            try (Blobs.Ingest ingest = store.begin(blob.digest())) {
                ingest.write(content, 0, HALF);
                throw new IllegalStateException("the registry is gone");
            }
        };
        try (InputStream in = store.openComing(blob, bringing)) {
            assertThatThrownBy(in::readAllBytes).hasMessage("the registry is gone");
        }
        try (InputStream in = store.openComing(blob, () -> {
            throw new IOException("no such blob");
        })) {
            assertThatThrownBy(in::read).hasMessage("no such blob");
        }
    }

    @Test
    void aBlobOfAnotherSizeThanWasToldIsRefusedAtItsEnd() throws IOException {
        Descriptor told = new Descriptor(blob.mediaType(), blob.digest(), content.length - 1);
        try (InputStream in = store.openComing(told, () -> bring(content))) {
            assertThatThrownBy(in::readAllBytes).hasMessageContaining(content.length + " bytes");
        }
    }

    @Test
    void anInterruptedReaderEndsTheBringingAndNothingIsLeft() throws Exception {
        CountDownLatch halfWasRead = new CountDownLatch(1);
        AtomicReference<Throwable> told = new AtomicReference<>();
        Blobs.Bringing bringing = () -> {
            try (Blobs.Ingest ingest = store.begin(blob.digest())) {
                ingest.write(content, 0, HALF);
                await(new CountDownLatch(1));
            }
        };
        Thread reader = Thread.ofPlatform().start(() -> {
            try (InputStream in = store.openComing(blob, bringing)) {
                in.readNBytes(HALF);
                halfWasRead.countDown();
                in.readAllBytes();
            } catch (IOException e) {
                told.set(e);
            }
        });
        halfWasRead.await();
        reader.interrupt();
        reader.join();
        assertThat(told.get()).isInstanceOf(InterruptedIOException.class);
        try (var files = Files.walk(folder)) {
            assertThat(files.filter(Files::isRegularFile)).isEmpty();
        }
    }

    private static void await(CountDownLatch latch) throws IOException {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IOException("interrupted", e);
        }
    }
}
