package dev.strata.layer;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;

/** Content for what compresses: the same for the same size. */
final class SampleBytes {
    private SampleBytes() {}

    /** Nothing makes it smaller. */
    static byte[] noise(int size) {
        byte[] noise = new byte[size];
        new Random(size).nextBytes(noise);
        return noise;
    }

    /** Neither noise nor all the same. */
    static byte[] words(int size) {
        Random random = new Random(size);
        StringBuilder text = new StringBuilder(size + 20);
        while (text.length() < size) {
            text.append(Integer.toString(random.nextInt(3000), 36)).append(random.nextInt(9) == 0 ? '\n' : ' ');
        }
        return Arrays.copyOf(text.toString().getBytes(StandardCharsets.US_ASCII), size);
    }
}
