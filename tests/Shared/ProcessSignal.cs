using System.Diagnostics;
using System.Runtime.InteropServices;

namespace DistBp.Tests.Shared;

internal static partial class ProcessSignal
{
    public const int Kill = 9, Terminate = 15, Continue = 18, Stop = 19;

    /// <summary>To a process that this one has started, unless it has ended.</summary>
    public static void Send(Process process, int signal)
    {
        if (!process.HasExited) _ = Send(process.Id, signal);
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Send(int process, int signal);
}
