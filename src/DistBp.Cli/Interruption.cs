using System.Runtime.InteropServices;

namespace DistBp.Cli;

/// <summary>
/// SIGINT, SIGTERM and SIGHUP (a terminal that goes away): the first asks the run to finish its step, save and end; a second one ends the process at once.
/// </summary>
internal sealed class Interruption : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly PosixSignalRegistration[] _registrations;
    private readonly Action<string> _tell;
    private readonly Action _abandon;
    private readonly string _firstSignal;
    private readonly Lock _gate = new();
    private int _signals;
    private bool _over;

    private const string Saving = "interrupted: finishing the step and saving; once more to exit at once";

    /// <summary>For commands without a display: <paramref name="firstSignal"/> goes to standard error.</summary>
    public Interruption(string firstSignal) : this(Console.Error.WriteLine, () => { }, firstSignal)
    {
    }

    /// <param name="tell">Shows the user a line; called on the signal's thread.</param>
    /// <param name="abandon">Leaves the terminal in order before the process ends at once.</param>
    /// <param name="firstSignal">What the line says.</param>
    public Interruption(Action<string> tell, Action abandon, string firstSignal = Saving)
    {
        (_tell, _abandon, _firstSignal) = (tell, abandon, firstSignal);
        _registrations =
        [
            PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal),
            PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal),
            PosixSignalRegistration.Create(PosixSignal.SIGHUP, OnSignal),
        ];
    }

    public CancellationToken Token => _stop.Token;

    public void Dispose()
    {
        foreach (PosixSignalRegistration registration in _registrations) registration.Dispose();
        lock (_gate)
        {
            // A signal that came just now may still be on its way.
            _over = true;
            _stop.Dispose();
        }
    }

    private void OnSignal(PosixSignalContext context)
    {
        context.Cancel = true;
        if (Interlocked.Increment(ref _signals) > 1)
        {
            _abandon();
            Environment.Exit(CommandEdge.Interrupted);
        }
        _tell(_firstSignal);
        lock (_gate)
        {
            if (!_over) _stop.Cancel();
        }
    }
}
