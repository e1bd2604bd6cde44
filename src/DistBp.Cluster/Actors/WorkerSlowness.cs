using System.Globalization;
using DistBp.Learning;
using DistBp.Protocol.Messages;

namespace DistBp.Cluster.Actors;

/// <summary>
/// A hook for tests and benchmarks: DISTBP_SLOW_WORKER=INDEX:MILLISECONDS,... makes those workers' gradients come so much later, as a slower machine's would. It waits
/// by a timer: no thread that computes is held up.
/// </summary>
internal sealed class WorkerSlowness(TimeSpan delay)
{
    public const string Variable = "DISTBP_SLOW_WORKER";

    /// <summary>Null for a worker that is as fast as it can be.</summary>
    /// <exception cref="UserException">The variable is no worker's number and a time.</exception>
    public static WorkerSlowness? Of(int worker)
    {
        if (Environment.GetEnvironmentVariable(Variable) is not { Length: > 0 } text) return null;
        foreach (string entry in text.Split(','))
        {
            string[] parts = entry.Split(':');
            if (parts.Length != 2 || !int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int slow)
                || !double.TryParse(parts[1], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double milliseconds) || milliseconds > 60_000)
                throw new UserException(ErrorKind.Usage, $"\"{entry}\" is no worker's number and a time", Variable, "write INDEX:MILLISECONDS, up to a minute, with commas between several, or unset it");
            if (slow == worker) return new WorkerSlowness(TimeSpan.FromMilliseconds(milliseconds));
        }
        return null;
    }

    /// <param name="steps">That were computed.</param>
    public async Task PostAsync(Message message, int steps, Action<Message> post)
    {
        await Task.Delay(steps * delay).ConfigureAwait(false);
        post(message);
    }
}
