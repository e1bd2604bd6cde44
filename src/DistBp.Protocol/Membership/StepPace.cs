using System.Globalization;

namespace DistBp.Protocol.Membership;

/// <summary>Who is slow, and why one says so: by the time of members' last steps.</summary>
public static class StepPace
{
    /// <summary>A member is slow from this multiple of the median on.</summary>
    public const double SlowFactor = 1.5;

    /// <returns>"" for one that is not slow, in the order of <paramref name="steps"/>; alone nobody is slow.</returns>
    public static IReadOnlyList<string> Judge(IReadOnlyList<TimeSpan> steps)
    {
        TimeSpan[] sorted = [.. steps.Order()];
        if (sorted.Length < 2) return [.. steps.Select(_ => "")];
        // The lower one of two in the middle: of two members the slower one is measured by the other.
        TimeSpan median = sorted[(sorted.Length - 1) / 2];
        return [.. steps.Select(step => step > median * SlowFactor ? Reason(step, median) : "")];
    }

    private static string Reason(TimeSpan step, TimeSpan median) => string.Create(
        CultureInfo.InvariantCulture, $"its last step took {step.TotalMilliseconds:0.0} ms, the median is {median.TotalMilliseconds:0.0} ms");
}
