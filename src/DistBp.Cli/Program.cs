using DistBp.Cli;

return await CommandEdge.RunAsync(args).ConfigureAwait(false);
