using DistBp.Learning.Initialization;

namespace DistBp.Learning.Data;

/// <summary>
/// Which rows of the training file go to which part. A permutation by the job's seed gives its first rows to the test part, the next to the
/// validation part and the rest to training; both fractions are of all rows of the file. Within a part rows keep the order of the file.
/// </summary>
internal sealed class PartAssignment
{
    public const int Train = 0, Validation = 1, Test = 2, PartCount = 3;
    private readonly byte[]? _parts;

    private PartAssignment(byte[]? parts, int[] counts) => (_parts, Counts) = (parts, counts);

    /// <summary>Rows of each part; 0 for a part that is not split off.</summary>
    public int[] Counts { get; }

    /// <summary>Every row is in the training part.</summary>
    public bool IsWhole => _parts is null;

    public int this[int row] => _parts is null ? Train : _parts[row];

    /// <exception cref="UserException">A part would be empty.</exception>
    public static PartAssignment Create(int count, DataDescription data, int seed, string path)
    {
        double test = Share(data.Test, "data.test"), validation = Share(data.Validation, "data.validation");
        int[] counts = [0, Rows(count, validation), Rows(count, test)];
        counts[Train] = count - counts[Validation] - counts[Test];
        if (counts[Train] <= 0 || (test > 0 && counts[Test] == 0) || (validation > 0 && counts[Validation] == 0))
        {
            throw new UserException(ErrorKind.Data,
                $"{count} samples cannot be split into {counts[Train]} for training, {counts[Validation]} for validation "
                + $"({validation:0.###}) and {counts[Test]} for testing ({test:0.###}): a part would be empty.",
                path, "change data.test and data.validation, or bring more samples");
        }
        if (counts[Train] == count) return new PartAssignment(null, counts);

        var order = new int[count];
        RandomPermutation.Fill(order, Philox.Key(seed, RandomPurpose.Split), 0);
        var parts = new byte[count];
        foreach (int row in order.AsSpan(0, counts[Test])) parts[row] = Test;
        foreach (int row in order.AsSpan(counts[Test], counts[Validation])) parts[row] = Validation;
        return new PartAssignment(parts, counts);
    }

    public static PartAssignment Whole(int count) => new(null, [count, 0, 0]);

    /// <summary>The rows of a part in the order of the file; null: all of them.</summary>
    public int[]? RowsOf(int part)
    {
        if (_parts is null) return null;
        var rows = new int[Counts[part]];
        int next = 0;
        for (int row = 0; row < _parts.Length; row++)
            if (_parts[row] == part) rows[next++] = row;
        return rows;
    }

    private static int Rows(int count, double share) => (int)Math.Round(count * share, MidpointRounding.AwayFromZero);

    private static double Share(DataSource? source, string key)
    {
        if (source is not Fraction fraction) return 0;
        if (fraction.Value is > 0 and < 1) return fraction.Value;
        throw new UserException(ErrorKind.Usage, $"The fraction {fraction.Value} is not between 0 and 1.", key,
            "write a fraction such as 0.2");
    }
}
