using System.Globalization;

namespace DistBp.Cli.Display;

/// <summary>Numbers as people read them; four significant digits are enough to watch a training.</summary>
internal static class NumberText
{
    /// <summary>0.0123, 12.34, 1.234e-07.</summary>
    public static string Real(double value)
    {
        if (!double.IsFinite(value) || value == 0) return value.ToString(CultureInfo.InvariantCulture);
        double magnitude = Math.Abs(value);
        if (magnitude is < 1e-4 or >= 1e7) return value.ToString("0.000e+00", CultureInfo.InvariantCulture);
        int decimals = Math.Clamp(3 - (int)Math.Floor(Math.Log10(magnitude)), 0, 7);
        return value.ToString("F" + decimals.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
    }

    /// <summary>In [0, 1], with four decimals.</summary>
    public static string Accuracy(double value) => value.ToString("0.0000", CultureInfo.InvariantCulture);

    /// <summary>A setting as the user wrote it: 0.001.</summary>
    public static string Rate(double value) => value.ToString("G4", CultureInfo.InvariantCulture);

    /// <summary>12,345.</summary>
    public static string Count(double value) => value.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>"1 epoch", "2 epochs".</summary>
    public static string Count(long value, string noun) => $"{Count(value)} {noun}{(value == 1 ? "" : "s")}";

    /// <summary>4.1 ms, 0.25 s, 12.3 s, 2:05, 1:02:05.</summary>
    public static string Duration(TimeSpan time)
    {
        if (time.TotalSeconds < 0.1) return time.TotalMilliseconds.ToString("0.0 ms", CultureInfo.InvariantCulture);
        if (time.TotalSeconds < 10) return time.TotalSeconds.ToString("0.00 s", CultureInfo.InvariantCulture);
        return time.TotalSeconds < 60 ? time.TotalSeconds.ToString("0.0 s", CultureInfo.InvariantCulture) : Clock(time);
    }

    /// <summary>0:05, 2:05, 1:02:05, 3 days 1:02:05.</summary>
    public static string Clock(TimeSpan time)
    {
        string days = time.Days > 0 ? Count(time.Days, "day") + " " : "";
        return days + time.ToString(time.TotalHours >= 1 ? @"h\:mm\:ss" : @"m\:ss", CultureInfo.InvariantCulture);
    }
}
