using DistBp.Learning.Data.Preprocessing;

namespace DistBp.Learning.Data.Sequences;

/// <summary>
/// Between sequences padded to one length, [samples, steps, features], and a table with one row for each step that counts. Preprocessing
/// works on the table: its statistics are of each feature over all steps, and padding, which stays 0, takes part in nothing.
/// </summary>
internal static class StepTable
{
    /// <summary>[Σ lengths, features] of values [samples, steps, features].</summary>
    public static FeatureTable Pack(ReadOnlySpan<float> values, int steps, int[] lengths, RowSource samples)
    {
        int[] starts = Starts(lengths, samples.Path);
        int width = values.Length / (lengths.Length * steps);
        TensorBuffer packed = FeatureTable.Allocate(starts[^1], width, samples.Path);
        for (int i = 0; i < lengths.Length; i++)
            values.Slice(i * steps * width, lengths[i] * width).CopyTo(packed.Span[(starts[i] * width)..]);
        return new FeatureTable(starts[^1], FeatureColumn.Numbered(width), packed, samples with { StepStarts = starts });
    }

    /// <summary>[samples, steps, features] of a table; what follows a sequence's last step is 0.</summary>
    public static TensorBuffer Unpack(FeatureTable table, int[] lengths, int steps)
    {
        TensorBuffer padded = FeatureTable.Allocate(lengths.Length, checked(steps * table.Width), table.Rows.Path);
        ReadOnlySpan<float> values = table.Values.Span;
        int next = 0;
        for (int i = 0; i < lengths.Length; i++)
        {
            int count = lengths[i] * table.Width;
            values.Slice(next, count).CopyTo(padded.Span.Slice(i * steps * table.Width, count));
            next += count;
        }
        return padded;
    }

    /// <summary>The targets [samples, width] with one row for each step.</summary>
    /// <param name="ofSteps">The targets are [samples, steps] already: a target of each step.</param>
    public static TensorBuffer Targets(TensorBuffer targets, int[] lengths, bool ofSteps)
    {
        int width = targets.Length / lengths.Length, each = ofSteps ? 1 : width, next = 0;
        var result = new TensorBuffer(lengths.Sum() * each);
        for (int i = 0; i < lengths.Length; i++)
        {
            for (int step = 0; step < lengths[i]; step++, next += each)
                targets.Span.Slice(i * width + (ofSteps ? step : 0), each).CopyTo(result.Span[next..]);
        }
        return result;
    }

    /// <summary>[samples + 1]: the row of each sample's first step, then the number of rows.</summary>
    public static int[] Starts(int[] lengths, string path)
    {
        var starts = new int[lengths.Length + 1];
        for (int i = 0; i < lengths.Length; i++)
        {
            long next = (long)starts[i] + lengths[i];
            if (next > Array.MaxLength) throw new UserException(ErrorKind.Data, $"{next} steps are more than 2^31.", path, "split the data");
            starts[i + 1] = (int)next;
        }
        return starts;
    }
}
