package dev.strata.operator;

import io.fabric8.kubernetes.api.model.Quantity;
import java.math.BigDecimal;
import java.math.RoundingMode;
import org.jspecify.annotations.Nullable;

/** How much memory a builder gets after one had too little. Pure. */
final class Memory {
    private static final BigDecimal MEBIBYTE = BigDecimal.valueOf(1 << 20);
    private static final BigDecimal TWICE = BigDecimal.valueOf(2);

    private Memory() {}

    /**
     * Twice as much, in whole mebibytes, and no more than the class allows; null where that is not more.
     *
     * @param limit that was too little
     * @param most that the class allows; null is no limit
     */
    static @Nullable String more(Quantity limit, @Nullable Quantity most) {
        BigDecimal had = limit.getNumericalAmount();
        BigDecimal wanted =
                had.multiply(TWICE).divide(MEBIBYTE, 0, RoundingMode.CEILING).multiply(MEBIBYTE);
        if (most != null && wanted.compareTo(most.getNumericalAmount()) > 0) {
            return most.getNumericalAmount().compareTo(had) > 0 ? most.toString() : null;
        }
        return wanted.divideToIntegralValue(MEBIBYTE).toBigInteger() + "Mi";
    }

    /** What was remembered, where it is more than the limit that is asked for and not more than the class allows. */
    static @Nullable String start(@Nullable String remembered, @Nullable Quantity limit, @Nullable Quantity most) {
        if (remembered == null || limit == null) {
            return null;
        }
        Quantity wanted = new Quantity(remembered);
        Quantity allowed = most != null && isMore(wanted, most) ? most : wanted;
        return isMore(allowed, limit) ? allowed.toString() : null;
    }

    private static boolean isMore(Quantity one, Quantity other) {
        return one.getNumericalAmount().compareTo(other.getNumericalAmount()) > 0;
    }
}
